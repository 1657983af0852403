//! infra/dashboards/twins.dashboard.json can be imported, and its tiles show what is so.
//!
//! Microsoft serves a schema for each version of the file, at the address in its `$schema`, and puts it into no
//! repository. The fields here are those of a dashboard of that version that Microsoft publishes for import,
//! src/templates/finops-hub/dashboard.json of microsoft/finops-toolkit, and of learn.microsoft.com, "KQL Dashboard
//! definition".

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use serde_json::{Value, json};

use super::{TABLES, answers, assert_valid, engine::Answer};
use crate::{
    factory_day::{GONE, SERVICE},
    repository::json,
};

const FILE: &str = "infra/dashboards/twins.dashboard.json";

/// What the engine lacks of the tile of this title, which is not run.
const LACKS: (&str, &str) = ("Minutes from the change to the table", "ingestion_time");

/// One twin.
const ONE: &str = r#"["GrindingStep"]"#;

/// How many columns a page has.
const COLUMNS: u64 = 24;

fn dashboard() -> Value {
    json(FILE)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("no list {name}"))
}

/// Asserts that an object has these members, and of the others none but these.
fn assert_members(object: &Value, all: &[&str], some: &[&str]) {
    let found: BTreeSet<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    let all: BTreeSet<_> = all.iter().copied().collect();
    let known: BTreeSet<_> = all.iter().copied().chain(some.iter().copied()).collect();
    assert!(found.is_superset(&all) && found.is_subset(&known), "{found:?}");
}

/// The ids of a list's objects, which are distinct UUIDs.
fn ids(list: &[Value]) -> BTreeSet<&str> {
    let ids: BTreeSet<_> = list.iter().map(|object| object["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), list.len());
    for id in &ids {
        let groups: Vec<_> = id.split('-').map(str::len).collect();
        assert!(groups == [8, 4, 4, 4, 12] && id.chars().all(|c| c == '-' || c.is_ascii_hexdigit()), "{id}");
        assert!(
            id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]),
            "{id} is of no version that is random"
        );
    }
    ids
}

#[test]
fn it_has_the_fields_of_a_dashboard() {
    let dashboard = dashboard();
    let lists = ["tiles", "baseQueries", "parameters", "dataSources", "pages", "queries"];
    assert_members(
        &dashboard,
        &["$schema", "id", "eTag", "title", "schema_version"],
        &[&lists[..], &["autoRefresh"]].concat(),
    );
    assert_eq!(dashboard["schema_version"], "60");
    assert_eq!(dashboard["$schema"], "https://dataexplorer.azure.com/static/d/schema/60/dashboard.json");
    let source = &list(&dashboard, "dataSources")[0];
    assert_members(source, &["id", "kind", "scopeId", "name", "clusterUri", "database"], &[]);
    assert_eq!((&source["kind"], &source["scopeId"]), (&json!("manual-kusto"), &json!("kusto")));
    let sources = ids(list(&dashboard, "dataSources"));
    let pages = ids(list(&dashboard, "pages"));
    ids(list(&dashboard, "parameters"));
    ids(list(&dashboard, "tiles"));
    for query in list(&dashboard, "queries") {
        assert_members(query, &["id", "dataSource", "text", "usedVariables"], &[]);
        assert_members(&query["dataSource"], &["kind", "dataSourceId"], &[]);
        assert!(query["dataSource"]["kind"] == "inline");
        assert!(sources.contains(query["dataSource"]["dataSourceId"].as_str().unwrap()));
    }
    for tile in list(&dashboard, "tiles") {
        let all = ["id", "title", "visualType", "pageId", "layout", "queryRef", "visualOptions"];
        assert_members(tile, &all, &["description"]);
        assert_members(&tile["layout"], &["x", "y", "width", "height"], &[]);
        assert!(pages.contains(tile["pageId"].as_str().unwrap()));
        let kind = tile["visualType"].as_str().unwrap();
        assert!(["column", "stackedcolumn", "table", "timechart"].contains(&kind), "{kind}");
    }
}

/// A query belongs to one tile or parameter, and names the variables that it uses.
#[test]
fn queries_tiles_and_parameters_belong_together() {
    let dashboard = dashboard();
    let mut variables = BTreeSet::new();
    let mut references = Vec::new();
    for parameter in list(&dashboard, "parameters") {
        let common = ["kind", "id", "displayName", "description", "defaultValue", "showOnPages"];
        if parameter["kind"] == "duration" {
            assert_members(parameter, &[&common[..], &["beginVariableName", "endVariableName"]].concat(), &[]);
            variables.extend(["beginVariableName", "endVariableName"].map(|name| parameter[name].as_str().unwrap()));
        } else {
            let all = [&common[..], &["variableName", "selectionType", "includeAllOption", "dataSource"]].concat();
            assert_members(parameter, &all, &["allIsNull"]);
            variables.insert(parameter["variableName"].as_str().unwrap());
            references.push(&parameter["dataSource"]["queryRef"]);
        }
        assert_eq!(parameter["showOnPages"], json!({"kind": "all"}));
    }
    references.extend(list(&dashboard, "tiles").iter().map(|tile| &tile["queryRef"]));
    let referred: BTreeSet<_> = references.iter().map(|reference| reference["queryId"].as_str().unwrap()).collect();
    assert!(references.iter().all(|reference| reference["kind"] == "query") && referred.len() == references.len());
    assert_eq!(referred, ids(list(&dashboard, "queries")));
    for query in list(&dashboard, "queries") {
        let text = query["text"].as_str().unwrap();
        let words: BTreeSet<_> =
            text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| variables.contains(word)).collect();
        let used: BTreeSet<_> = list(query, "usedVariables").iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(used, words, "{text}");
    }
}

#[test]
fn tiles_lie_side_by_side() {
    let dashboard = dashboard();
    let mut taken = BTreeMap::new();
    for tile in list(&dashboard, "tiles") {
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| tile["layout"][name].as_u64().unwrap());
        assert!(x + width <= COLUMNS, "{}", tile["title"]);
        for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            let other = taken.insert((tile["pageId"].as_str(), cell), &tile["title"]);
            assert_eq!(other, None, "{} lies on it", tile["title"]);
        }
    }
}

/// A query, as Data Explorer gets it: with a value for each variable.
fn with_values(text: &str, twins: &str) -> String {
    format!(
        "let _startTime = datetime(2026-03-01);\nlet _endTime = datetime(2026-03-02);\nlet _twins = dynamic({twins});\n\
         let _property = \"ChasisTemperature\";\nlet _state = \"OperationStatus\";\n{text}"
    )
}

#[test]
fn every_query_is_valid() {
    let dashboard = dashboard();
    assert_valid(
        TABLES,
        list(&dashboard, "queries").iter().map(|query| with_values(query["text"].as_str().unwrap(), "null")),
    );
}

/// The columns that a tile draws are among those of its query.
#[test]
fn what_tiles_draw_is_there() {
    let dashboard = dashboard();
    for tile in list(&dashboard, "tiles").iter().filter(|tile| tile["title"] != LACKS.0) {
        let Some(answer) = answer(tile["title"].as_str().unwrap(), "null") else { return };
        let options = &tile["visualOptions"];
        let lists = ["yColumns", "seriesColumns"].map(|name| options[name].as_array().cloned().unwrap_or_default());
        for column in lists.into_iter().flatten().chain([options["xColumn"].clone()]).filter(Value::is_string) {
            assert!(answer.columns.iter().any(|known| column == **known), "{}: {column}", tile["title"]);
        }
        assert!(!answer.rows.is_empty(), "{}", tile["title"]);
    }
}

#[test]
fn what_the_engine_lacks_is_known() {
    let (dashboard, id) = (dashboard(), query_id(LACKS.0));
    let query = list(&dashboard, "queries").iter().find(|query| query["id"] == *id).unwrap();
    let text = query["text"].as_str().unwrap();
    let Some(mut outcomes) = answers::database().run(&[with_values(text, "null")]) else { return };
    let lacks = outcomes.remove(0).unwrap_err();
    assert!(lacks.contains(LACKS.1), "{lacks}");
}

/// The id of the query of the tile of this title, or of the parameter with this variable.
fn query_id(name: &str) -> String {
    let dashboard = dashboard();
    let tile = list(&dashboard, "tiles").iter().find(|tile| tile["title"] == name).map(|tile| &tile["queryRef"]);
    let parameter = list(&dashboard, "parameters").iter().find(|parameter| parameter["variableName"] == name);
    let reference = tile.or(parameter.map(|parameter| &parameter["dataSource"]["queryRef"]));
    reference.unwrap_or_else(|| panic!("no {name}"))["queryId"].as_str().unwrap().to_owned()
}

/// All tiles and choices are asked at once, for all twins and for one.
fn answer(title: &str, twins: &str) -> Option<&'static Answer> {
    type Answers = BTreeMap<(String, String), Answer>;
    static ANSWERS: OnceLock<Option<Answers>> = OnceLock::new();
    let answers = ANSWERS.get_or_init(|| {
        let dashboard = dashboard();
        let asked = list(&dashboard, "queries").iter().flat_map(|query| {
            let [id, text] = ["id", "text"].map(|name| query[name].as_str().unwrap());
            ["null", ONE].map(|twins| ((id.to_owned(), twins.to_owned()), with_values(text, twins)))
        });
        let asked: Vec<_> = asked.filter(|(_, text)| !text.contains(LACKS.1)).collect();
        let texts: Vec<_> = asked.iter().map(|(_, text)| text).collect();
        let outcomes = answers::database().run(&texts)?;
        let answered = asked
            .iter()
            .zip(outcomes)
            .map(|((key, text), outcome)| (key.clone(), outcome.unwrap_or_else(|lacks| panic!("{lacks}\n{text}"))));
        Some(answered.collect())
    });
    Some(&answers.as_ref()?[&(query_id(title), twins.to_owned())])
}

/// A twin's own row of the columns.
fn of_the_twin<'a>(answer: &'a Answer, column: &str, twin: &str) -> Vec<&'a Vec<Value>> {
    let place = answer.columns.iter().position(|known| known == column).unwrap();
    answer.rows.iter().filter(|row| row[place] == twin).collect()
}

#[test]
fn only_the_chosen_twins_are_shown() {
    for title in ["Value", "Hours in each state", "Values that hold", "Silent for", "Created and deleted"] {
        let Some(answer) = answer(title, ONE) else { return };
        assert_eq!(of_the_twin(answer, "Id", "GrindingStep").len(), answer.rows.len(), "{title}");
    }
}

#[test]
fn values_are_averages_of_ten_minutes() {
    let Some(answer) = answer("Value", "null") else { return };
    let averages = answers::averages("ChasisTemperature")
        .into_iter()
        .map(|((_, twin), span, average)| vec![json!(format!("{span}0:00.000000Z")), json!(twin), json!(average)]);
    // Those of the fixtures are years old.
    answer.assert_is(&["TimeStamp", "Id", "Average"], averages.filter(|row| row[0].as_str().unwrap() > "2026"));
}

#[test]
fn hours_are_those_of_the_document() {
    let Some(answer) = answer("Hours in each state", "null") else { return };
    let hours = answers::hours_in_each_state(0)
        .into_iter()
        .map(|((twin, state), hours)| vec![json!(twin), json!(state), json!(hours)]);
    answer.assert_is(&["Id", "State", "Hours"], hours);
}

#[test]
fn values_that_hold_are_not_removed() {
    let Some(answer) = answer("Values that hold", "null") else { return };
    let keys = |twin| of_the_twin(answer, "Id", twin).into_iter().map(|row| &row[1]).collect::<Vec<_>>();
    // Its location was removed as a whole.
    assert_eq!(keys("ChocolateFactory"), ["Country", "FactoryId", "FactoryName", "Tags", "ZipCode"]);
    assert!(keys("MouldingStep").contains(&&json!("CoolingTunnel.BeltSpeed")));
    assert_eq!(keys(GONE.0), [""; 0]);
}

#[test]
fn a_twin_that_is_gone_is_silent() {
    let Some(answer) = answer("Silent for", "null") else { return };
    let minutes = |twin| of_the_twin(answer, "Id", twin)[0][2].as_f64().unwrap();
    assert!((240.0..260.0).contains(&minutes(GONE.0)), "{answer:?}");
    assert!(minutes("MouldingStep") < 10.0);
}

#[test]
fn what_came_and_went_is_told_once() {
    let Some(answer) = answer("Created and deleted", "null") else { return };
    let count = |action: &str, kind: &str| answer.rows.iter().filter(|row| row[1] == action && row[2] == kind).count();
    assert_eq!((count("Create", "twin"), count("Create", "relationship")), (6, 5));
    assert_eq!((count("Delete", "twin"), count("Delete", "relationship")), (1, 1));
}

#[test]
fn records_and_repeats_add_up() {
    let (Some(records), Some(repeats)) = (answer("Records", "null"), answer("Repeats", "null")) else { return };
    let sum = |answer: &Answer, column: &str| {
        let place = answer.columns.iter().position(|known| known == column).unwrap();
        answer.rows.iter().map(|row| row[place].as_u64().unwrap()).sum::<u64>()
    };
    let (all, once) = answers::records_of(SERVICE);
    assert_eq!((sum(records, "Records"), sum(repeats, "Repeats")), (all, all - once));
}

/// Of what there is to choose, the first is taken.
#[test]
fn there_is_something_to_choose() {
    let dashboard = dashboard();
    for parameter in list(&dashboard, "parameters").iter().filter(|parameter| parameter["kind"] == "string") {
        let variable = parameter["variableName"].as_str().unwrap();
        let Some(answer) = answer(variable, "null") else { return };
        assert_eq!(json!(answer.columns), json!([parameter["dataSource"]["columns"]["value"]]));
        let first = match variable {
            "_twins" => "ChocolateFactory",
            "_property" => "ChasisTemperature",
            _ => "OperationStatus",
        };
        assert_eq!(answer.rows[0], [json!(first)], "{variable}");
    }
}
