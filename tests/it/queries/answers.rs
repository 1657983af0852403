//! The answers of docs/queries.md: each query is run over the records of all notifications that we know and of a day of
//! the chocolate factory, and must find what is found here in another way.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use serde_json::{Map, Value, json};

use super::{
    TABLES,
    engine::{Answer, Database, queries_in, records_of_the_fixtures},
    table_of,
};
use crate::{
    factory_day::{self, GONE, SERVICE},
    repository::text,
};

/// What the engine lacks of each query, and is done in another way: `tests/clients/run_kql.py` says how.
const INSTEAD: [(&str, &[&str]); 10] = [
    ("Time in each state 1", &["next and prev"]),
    ("The values of a patch side by side 1", &["take_anyif"]),
    ("The values of a patch side by side 3", &["bag_unpack", "make_bag"]),
    ("Time-weighted average per hour 1", &["next and prev", "range"]),
    ("Gaps 1", &["next and prev"]),
    ("The history of a property 1", &["next and prev", "take_any(*)"]),
    ("The history of relationships 1", &["next and prev", "take_any(*)"]),
    ("Without repeats 1", &["count_distinct"]),
    // Their queries are run below.
    ("Without repeats 2", &["a materialized view"]),
    ("Without repeats 3", &["a stored function by command"]),
];

/// Commands that change how Data Explorer takes records in, which the engine does not.
const NOT_RUN: [&str; 2] = ["The data connection 1", "The data connection 2"];

type Record = Map<String, Value>;

type Outcomes = BTreeMap<String, Result<Answer, String>>;

/// A property of a twin or relationship: `ServiceId`, `Id`, `RelationshipId`, `Key`.
type Series = [String; 4];

fn records() -> &'static [Record] {
    static RECORDS: OnceLock<Vec<Record>> = OnceLock::new();
    RECORDS.get_or_init(|| records_of_the_fixtures().into_iter().chain(factory_day::records()).collect())
}

pub fn database() -> Database {
    Database::of(TABLES, records().iter().cloned(), |record| table_of(record).unwrap())
}

/// A query of the document.
fn query(name: &str) -> String {
    let queries = queries_in(&text("docs/queries.md"));
    queries.into_iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no query {name}")).1
}

/// The answer to a query of the document. All are asked at once.
pub fn answer(name: &str) -> Option<Answer> {
    Some(outcomes()?[name].clone().unwrap_or_else(|lacks| panic!("{name}: {lacks}")))
}

/// What came of each query and command of the document.
fn outcomes() -> Option<&'static Outcomes> {
    static OUTCOMES: OnceLock<Option<Outcomes>> = OnceLock::new();
    let outcomes = OUTCOMES.get_or_init(|| {
        let (names, texts): (Vec<_>, Vec<_>) = queries_in(&text("docs/queries.md")).into_iter().unzip();
        Some(names.into_iter().zip(database().run(&texts)?).collect())
    });
    outcomes.as_ref()
}

/// The records of a table.
fn of(table: &str) -> impl Iterator<Item = &'static Record> {
    records().iter().filter(move |record| table_of(record) == Some(table))
}

fn properties() -> impl Iterator<Item = &'static Record> {
    of("AdtPropertyEvents")
}

/// A text member, empty where there is none.
fn member(record: &Record, name: &str) -> String {
    record.get(name).map_or_else(String::new, |value| value.as_str().unwrap().to_owned())
}

/// When it happened, to the microsecond, as the engine has it.
fn time(record: &Record) -> String {
    let time = member(record, "TimeStamp");
    let (seconds, fraction) =
        time.strip_suffix('Z').unwrap().split_once('.').unwrap_or((time.trim_end_matches('Z'), ""));
    format!("{seconds}.{fraction:0<6.6}Z")
}

/// The second of the factory's day.
fn second(time: &str) -> f64 {
    if time.starts_with("2026-03-02T00:00:00") {
        return 86_400.0;
    }
    let clock = time.strip_prefix("2026-03-01T").unwrap_or_else(|| panic!("{time}")).trim_end_matches('Z');
    clock.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap())
}

fn series(record: &Record) -> Series {
    ["ServiceId", "Id", "RelationshipId", "Key"].map(|name| member(record, name))
}

fn deleted(record: &Record) -> bool {
    member(record, "Action") == "Delete"
}

/// The number in a record of this property of a twin.
fn number(record: &Record, key: &str) -> Option<f64> {
    (member(record, "Key") == key && member(record, "RelationshipId").is_empty()).then(|| record["Value"].as_f64())?
}

/// The last of these records in each group. Of two at the same time either.
fn last_by<'a, Group: Ord>(
    records: impl IntoIterator<Item = &'a Record>,
    group: impl Fn(&Record) -> Group,
) -> BTreeMap<Group, &'a Record> {
    let mut last: BTreeMap<Group, &Record> = BTreeMap::new();
    for record in records {
        let found = last.entry(group(record)).or_insert(record);
        if time(record) > time(found) {
            *found = record;
        }
    }
    last
}

/// One record of each event that was delivered more than once, in the order of time.
fn once<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<&'a Record> {
    let once: BTreeMap<_, _> = records.into_iter().map(|record| (member(record, "EventId"), record)).collect();
    let mut once: Vec<_> = once.into_values().collect();
    once.sort_by_key(|record| (time(record), member(record, "EventId")));
    once
}

#[test]
fn what_the_engine_lacks_is_known() {
    let Some(outcomes) = outcomes() else { return };
    assert!(outcomes.len() >= 20);
    let (mut instead, mut not_run) = (Vec::new(), Vec::new());
    for (name, _) in queries_in(&text("docs/queries.md")) {
        let outcome = outcomes[&name].clone();
        match outcome {
            Ok(answer) if answer.instead.is_empty() => assert!(!answer.rows.is_empty(), "{name} finds nothing"),
            Ok(answer) => {
                assert!(!answer.rows.is_empty(), "{name} finds nothing");
                instead.push((name.clone(), answer.instead));
            }
            Err(lacks) if lacks.contains("materialized-view with") => {
                instead.push((name.clone(), vec!["a materialized view".to_owned()]));
            }
            Err(lacks) if lacks.contains("function with") => {
                instead.push((name.clone(), vec!["a stored function by command".to_owned()]));
            }
            Err(lacks) => {
                assert!(lacks.contains("control command"), "{name}: {lacks}");
                not_run.push(name.clone());
            }
        }
    }
    let known =
        INSTEAD.map(|(name, lacks)| (name.to_owned(), lacks.iter().map(ToString::to_string).collect::<Vec<_>>()));
    similar_asserts::assert_eq!(instead, known);
    assert_eq!(not_run, NOT_RUN);
}

#[test]
fn last_values() {
    for (name, removals) in [("Last values 1", true), ("Last values 2", false)] {
        let Some(answer) = answer(name) else { return };
        let last = last_by(properties().filter(|record| removals || !deleted(record)), series);
        assert_eq!(answer.rows.len(), last.len(), "{name}");
        let shown = &answer.columns[4..];
        assert_eq!(shown[..2], ["TimeStamp", "Value"]);
        for row in &answer.rows {
            let row: BTreeMap<_, _> = answer.columns.iter().map(String::as_str).zip(row).collect();
            let series: Series =
                ["ServiceId", "Id", "RelationshipId", "Key"].map(|name| row[name].as_str().unwrap().to_owned());
            let latest = time(last[&series]);
            let fits = |record: &&Record| {
                self::series(record) == series
                    && time(record) == latest
                    && record["Value"] == *row["Value"]
                    && (!removals || member(record, "Action") == row["Action"].as_str().unwrap())
            };
            assert!(properties().any(|record| fits(&record)), "{name}: {row:?}");
        }
    }
}

#[test]
fn values_that_hold_now() {
    let Some(answer) = answer("Last values 3") else { return };
    let ended = |record: &Record| {
        let (service, id, relationship) =
            (member(record, "ServiceId"), member(record, "Id"), member(record, "RelationshipId"));
        let object = properties().filter(|other| {
            deleted(other)
                && series(other)[..3] == series(record)[..3]
                && member(record, "Key").starts_with(&format!("{}.", member(other, "Key")))
        });
        let twin = of("AdtTwinLifecycleEvents")
            .filter(|other| deleted(other) && relationship.is_empty() && member(other, "TwinId") == id);
        let end = of("AdtRelationshipLifecycleEvents").filter(|other| {
            deleted(other) && member(other, "RelationshipId") == relationship && member(other, "Source") == id
        });
        object.chain(twin).chain(end).any(|other| member(other, "ServiceId") == service && time(other) > time(record))
    };
    let held: Vec<_> = last_by(properties(), series)
        .into_values()
        .filter(|record| !deleted(record) && !ended(record))
        .map(|record| {
            let [service, id, relationship, key] = series(record);
            vec![
                json!(time(record)),
                json!(service),
                json!(id),
                json!(member(record, "ModelId")),
                json!(relationship),
                json!(key),
                record["Value"].clone(),
            ]
        })
        .collect();
    assert!(held.iter().all(|row| row[2] != GONE.0 && row[5] != "GeoLocation.Latitude"));
    answer.assert_is(&["TimeStamp", "ServiceId", "Id", "ModelId", "RelationshipId", "Key", "Value"], held);
}

/// The course of each temperature, by instance and twin that is still there.
pub fn temperatures() -> BTreeMap<(String, String), BTreeMap<String, f64>> {
    let mut temperatures: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for record in properties() {
        if let Some(temperature) = number(record, "ChasisTemperature") {
            let twin = (member(record, "ServiceId"), member(record, "Id"));
            temperatures.entry(twin).or_default().insert(time(record), temperature);
        }
    }
    temperatures.remove(&(SERVICE.to_owned(), GONE.0.to_owned()));
    temperatures
}

#[test]
fn which_step_runs_hot() {
    let Some(answer) = answer("Which step runs hot, and since when 1") else { return };
    let hot = temperatures().into_iter().filter_map(|((service, id), course)| {
        let hot: Vec<_> = course.iter().rev().take_while(|(_, temperature)| **temperature > 206.0).collect();
        let (last, now) = hot.first()?;
        let hottest = hot.iter().map(|(_, temperature)| **temperature).fold(f64::MIN, f64::max);
        Some(vec![json!(service), json!(id), json!(hot.last()?.0), json!(hottest), json!(now), json!(last)])
    });
    answer.assert_is(&["ServiceId", "Id", "HotSince", "Hottest", "Temperature", "LastRecord"], hot);
}

/// The averages of a number over ten minutes, by instance and twin; the time up to the tens of minutes.
#[allow(clippy::cast_precision_loss, reason = "a few records")]
pub fn averages(key: &str) -> Vec<((String, String), String, f64)> {
    let mut spans: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for record in properties() {
        if let Some(value) = number(record, key) {
            let twin = (member(record, "ServiceId"), member(record, "Id"));
            spans.entry((twin, time(record)[..15].to_owned())).or_default().push(value);
        }
    }
    let average = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    spans.into_iter().map(|((twin, span), values)| (twin, span, average(values))).collect()
}

/// The averages of both sensors where both have some, by instance and twin.
pub fn pairs() -> BTreeMap<(String, String), Vec<(f64, f64)>> {
    let powers: BTreeMap<_, _> =
        averages("PowerUsage").into_iter().map(|(twin, span, power)| ((twin, span), power)).collect();
    let mut pairs: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (twin, span, temperature) in averages("ChasisTemperature") {
        if let Some(power) = powers.get(&(twin.clone(), span)) {
            pairs.entry(twin).or_default().push((temperature, *power));
        }
    }
    pairs
}

/// Pearson's coefficient, from the distances to the means.
#[allow(clippy::cast_precision_loss, reason = "a few records")]
pub fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let count = pairs.len() as f64;
    let mean = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0 / count, sum.1 + pair.1 / count));
    let sum = |term: fn(f64, f64) -> f64| pairs.iter().map(|(x, y)| term(x - mean.0, y - mean.1)).sum::<f64>();
    sum(|x, y| x * y) / (sum(|x, _| x * x) * sum(|_, y| y * y)).sqrt()
}

#[test]
fn two_sensors_together() {
    let Some(mut answer) = answer("Do two sensors move together 1") else { return };
    // A single pair has no correlation.
    answer.rows.retain(|row| row[2].as_i64() > Some(1));
    let correlations = pairs().into_iter().filter(|(_, pairs)| pairs.len() > 1).map(|((service, id), pairs)| {
        assert_eq!(service, SERVICE);
        vec![json!(service), json!(id), json!(pairs.len()), json!(correlation(&pairs))]
    });
    answer.assert_is(&["ServiceId", "Id", "Pairs", "Correlation"], correlations);
}

/// When the value of a property of the factory's twins changed, by twin, up to the end of the day; None ends it.
fn changes(key: &str) -> BTreeMap<String, BTreeMap<u64, Option<Value>>> {
    let mut changes: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a day")]
    let at = |record: &Record| second(&time(record)) as u64;
    for record in properties().filter(|record| member(record, "ServiceId") == SERVICE && member(record, "Key") == key) {
        let value = (!deleted(record)).then(|| record["Value"].clone());
        changes.entry(member(record, "Id")).or_default().insert(at(record), value);
    }
    for record in
        of("AdtTwinLifecycleEvents").filter(|record| member(record, "ServiceId") == SERVICE && deleted(record))
    {
        changes.entry(member(record, "TwinId")).or_default().insert(at(record), None);
    }
    changes
}

/// The hours of the factory's day, from a second on, in which a twin had a state, by both.
#[allow(clippy::cast_precision_loss, reason = "seconds of a day")]
pub fn hours_in_each_state(since: u64) -> BTreeMap<(String, String), f64> {
    let mut seconds: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (twin, course) in changes("OperationStatus") {
        // Second by second.
        for second in since..86_400 {
            if let Some((_, Some(state))) = course.range(..=second).next_back() {
                *seconds.entry((twin.clone(), state.to_string())).or_default() += 1;
            }
        }
    }
    seconds.into_iter().map(|(state, seconds)| (state, seconds as f64 / 3600.0)).collect()
}

#[test]
fn time_in_each_state() {
    let asked = query("Time in each state 1");
    for (start, second) in [("2026-03-01)", 0), ("2026-03-01 06:00)", 6 * 3600)] {
        let Some(answer) = database().answer(&asked.replacen("2026-03-01)", start, 1)) else { return };
        let hours = hours_in_each_state(second);
        assert_eq!(hours.len(), 6, "three steps, online and offline");
        let row = |((twin, state), hours)| vec![json!(SERVICE), json!(twin), json!(state), json!(hours)];
        answer.assert_is(&["ServiceId", "Id", "State", "Hours"], hours.into_iter().map(row));
    }
}

/// Temperature and alarm, as far as a patch sets them.
type TemperatureAndAlarm = (Option<f64>, Option<String>);

/// Both of each patch, by its instance, twin and time.
fn by_patch() -> BTreeMap<(String, String, String), TemperatureAndAlarm> {
    let mut patches: BTreeMap<_, TemperatureAndAlarm> = BTreeMap::new();
    for record in properties().filter(|record| member(record, "RelationshipId").is_empty() && !deleted(record)) {
        let key = member(record, "Key");
        if key == "ChasisTemperature" || key == "Alarm" {
            let patch = (member(record, "ServiceId"), member(record, "Id"), time(record));
            let values = patches.entry(patch).or_default();
            match record["Value"].as_f64() {
                Some(number) => values.0 = Some(number),
                None => values.1 = Some(member(record, "Value")),
            }
        }
    }
    patches
}

#[test]
fn values_of_a_patch_side_by_side() {
    let Some(answer) = answer("The values of a patch side by side 1") else { return };
    let rows = by_patch().into_iter().map(|((service, id, time), (temperature, alarm))| {
        vec![json!(service), json!(id), json!(time), json!(temperature), json!(alarm.unwrap_or_default())]
    });
    answer.assert_is(&["ServiceId", "Id", "TimeStamp", "Temperature", "Alarm"], rows);
}

#[test]
fn patches_that_set_both() {
    let Some(answer) = answer("The values of a patch side by side 2") else { return };
    let both = by_patch().into_iter().filter_map(|((service, id, time), (temperature, alarm))| {
        Some(vec![json!(time), json!(service), json!(id), json!(temperature?), json!(alarm?)])
    });
    // Repeats multiply, as the document says.
    let both: BTreeSet<_> = both.map(|row| json!(row).to_string()).collect();
    let found: BTreeSet<_> = answer.rows.iter().map(|row| json!(row).to_string()).collect();
    assert!(!found.is_empty() && answer.columns == ["TimeStamp", "ServiceId", "Id", "Temperature", "Alarm"]);
    similar_asserts::assert_eq!(found, both);
}

#[test]
fn all_properties_of_a_twin() {
    let Some(answer) = answer("The values of a patch side by side 3") else { return };
    let mut patches: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    let of_the_step =
        |record: &&Record| member(record, "Id") == "GrindingStep" && member(record, "RelationshipId").is_empty();
    for record in properties().filter(of_the_step).filter(|record| !deleted(record)) {
        patches.entry(time(record)).or_default().insert(member(record, "Key"), record["Value"].clone());
    }
    let keys: BTreeSet<_> = patches.values().flat_map(BTreeMap::keys).cloned().collect();
    let columns: Vec<_> = keys.iter().map(|key| format!("Value of {key}")).collect();
    let columns: Vec<_> = std::iter::once("TimeStamp").chain(columns.iter().map(String::as_str)).collect();
    let rows = patches.into_iter().map(|(time, values)| {
        let values = keys.iter().map(|key| values.get(key).cloned().unwrap_or_default());
        std::iter::once(json!(time)).chain(values).collect()
    });
    answer.assert_is(&columns, rows);
}

#[test]
#[allow(clippy::cast_precision_loss, reason = "seconds of an hour")]
fn time_weighted_average() {
    let Some(mut answer) = answer("Time-weighted average per hour 1") else { return };
    // The values of the fixtures have held for years.
    answer.rows.retain(|row| row[0] == SERVICE);
    let mut rows = Vec::new();
    for (twin, course) in changes("ChasisTemperature") {
        for hour in 8..11 {
            // Second by second.
            let held = (hour * 3600..(hour + 1) * 3600)
                .filter_map(|second| course.range(..=second).next_back()?.1.as_ref()?.as_f64());
            let held: Vec<_> = held.collect();
            if !held.is_empty() {
                let average = held.iter().sum::<f64>() / held.len() as f64;
                let hour = format!("2026-03-01T{hour:02}:00:00.000000Z");
                rows.push(vec![json!(SERVICE), json!(twin), json!(hour), json!(average), json!(held.len())]);
            }
        }
    }
    assert_eq!(rows.len(), 9, "three steps, three hours");
    answer.assert_is(&["ServiceId", "Id", "Hour", "Average", "CoveredSeconds"], rows);
}

/// The rows of a table in the document.
fn table(markdown: &str, head: &str) -> Vec<Vec<String>> {
    let rows = markdown.split_once(head).unwrap_or_else(|| panic!("no {head}")).1.lines().skip(2);
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.take_while(|row| row.starts_with('|')).map(cells).collect()
}

#[test]
fn the_example_of_an_average_is_true() {
    let document = text("docs/queries.md");
    let given = table(&document, "| TimeStamp | Value | Action |").into_iter().map(|row| {
        let row = json!({
            "TimeStamp": format!("2026-03-01T{}:00Z", row[0]), "Id": "t", "Key": "ChasisTemperature",
            "EventId": format!("{}#0", row[0]), "Value": row[1].parse::<f64>().ok(), "Action": row[2],
        });
        row.as_object().unwrap().clone()
    });
    let database = Database::of(TABLES, given, |_| "AdtPropertyEvents");
    let Some(answer) = database.answer(&query("Time-weighted average per hour 1")) else { return };
    let told = table(&document, "| Hour | Average | CoveredSeconds | because |").into_iter().map(|row| {
        let number = |cell: &str| json!(cell.parse::<f64>().unwrap());
        vec![
            json!(""),
            json!("t"),
            json!(format!("2026-03-01T{}:00.000000Z", row[0])),
            number(&row[1]),
            number(&row[2]),
        ]
    });
    answer.assert_is(&["ServiceId", "Id", "Hour", "Average", "CoveredSeconds"], told);
}

#[test]
fn gaps() {
    let Some(answer) = answer("Gaps 1") else { return };
    let mut rows = Vec::new();
    let mut courses: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for record in properties().filter(|record| member(record, "ServiceId") == SERVICE) {
        if member(record, "Key") == "ChasisTemperature" {
            courses.entry(member(record, "Id")).or_default().insert(time(record), deleted(record));
        }
    }
    for (twin, course) in courses {
        let mut following = course.keys().skip(1).cloned().map(|time| (time, false));
        for (from, deleted) in &course {
            let (until, open) = following.next().unwrap_or((crate::factory_day::END.replace('Z', ".000000Z"), true));
            let duration = second(&until) - second(from);
            if !deleted && duration > 900.0 {
                rows.push(vec![
                    json!(SERVICE),
                    json!(twin),
                    json!(""),
                    json!(from),
                    json!(until),
                    json!(duration),
                    json!(open),
                ]);
            }
        }
    }
    answer.assert_is(&["ServiceId", "Id", "RelationshipId", "From", "Until", "Duration", "Open"], rows);
}

#[test]
fn history_of_a_property() {
    let Some(mut answer) = answer("The history of a property 1") else { return };
    // The one of the fixtures is years older, and the first of its instance.
    answer.rows.retain(|row| row[1] == SERVICE);
    let of_the_step = |record: &&Record| {
        member(record, "ServiceId") == SERVICE
            && member(record, "Id") == "GrindingStep"
            && member(record, "Key") == "ChasisTemperature"
    };
    let course = once(properties().filter(of_the_step));
    let rows = (0..course.len()).map(|place| {
        let record = course[place];
        let before = if place == 0 { Value::Null } else { course[place - 1]["Value"].clone() };
        let until = course.get(place + 1).map_or(86_400.0, |next| second(&time(next)));
        vec![
            json!(time(record)),
            json!(SERVICE),
            record["Value"].clone(),
            before,
            json!(member(record, "Action")),
            json!(until - second(&time(record))),
        ]
    });
    answer.assert_is(&["TimeStamp", "ServiceId", "Value", "PreviousValue", "Action", "Held"], rows);
}

#[test]
fn types_of_values() {
    let Some(answer) = answer("Numbers only 1") else { return };
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for record in properties().filter(|record| !deleted(record)) {
        let kind = match &record["Value"] {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(number) if number.is_f64() => "double",
            Value::Number(_) => "long",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "dictionary",
        };
        *counts.entry((member(record, "Key"), kind)).or_default() += 1;
    }
    answer.assert_is(
        &["Key", "Type", "Records"],
        counts.into_iter().map(|((key, kind), count)| vec![json!(key), json!(kind), json!(count)]),
    );
}

#[test]
fn statistics_of_numbers() {
    let Some(answer) = answer("Numbers only 2") else { return };
    let mut numbers: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for record in properties().filter(|record| member(record, "RelationshipId").is_empty()) {
        if let Some(number) = record["Value"].as_f64().filter(|_| time(record).as_str() > "2026-03-01T00:00:00.000000Z")
        {
            numbers
                .entry([member(record, "ServiceId"), member(record, "Id"), member(record, "Key")])
                .or_default()
                .push(number);
        }
    }
    let rows = numbers.into_iter().map(|([service, id, key], numbers)| {
        let least = numbers.iter().copied().fold(f64::MAX, f64::min);
        let most = numbers.iter().copied().fold(f64::MIN, f64::max);
        vec![json!(service), json!(id), json!(key), json!(numbers.len()), json!(least), json!(most)]
    });
    answer.assert_is(&["ServiceId", "Id", "Key", "Records", "Minimum", "Maximum"], rows);
}

#[test]
fn twins_at_a_time() {
    for (at, there) in [("12:00", true), ("23:00", false)] {
        let asked = query("Twins at a time 1").replace("2026-03-01 12:00", &format!("2026-03-01 {at}"));
        let Some(answer) = database().answer(&asked) else { return };
        let at = format!("2026-03-01T{at}:00.000000Z");
        let twin = |record: &Record| {
            (
                member(record, "ServiceId"),
                if record.contains_key("TwinId") { member(record, "TwinId") } else { member(record, "Id") },
            )
        };
        let told = properties().chain(of("AdtTwinLifecycleEvents")).filter(|record| time(record) <= at);
        let last = last_by(told, twin);
        // A property's removal is no twin's.
        let lives = |record: &&Record| !(record.contains_key("TwinId") && deleted(record));
        let rows: Vec<_> = last
            .into_iter()
            .filter(|(_, record)| lives(record))
            .map(|((service, id), record)| vec![json!(service), json!(id), json!(time(record))])
            .collect();
        assert_eq!(rows.iter().any(|row| row[1] == GONE.0), there);
        answer.assert_is(&["ServiceId", "TwinId", "LastRecord"], rows);
    }
}

#[test]
fn history_of_relationships() {
    let asked = query("The history of relationships 1");
    for twin in ["GrindingStep", GONE.0, "FactoryFloor"] {
        let Some(answer) = database().answer(&asked.replace("GrindingStep", twin)) else { return };
        let of_the_twin = |record: &&Record| member(record, "Source") == twin || member(record, "Target") == twin;
        let told = once(of("AdtRelationshipLifecycleEvents").filter(of_the_twin));
        let made = told.iter().filter(|record| member(record, "Action") == "Create");
        let rows = made.map(|record| {
            let same = |other: &&&Record| {
                ["ServiceId", "Source", "RelationshipId"].iter().all(|name| member(other, name) == member(record, name))
            };
            let end = told.iter().filter(same).find(|other| time(other) > time(record));
            let [name, source, target, id, service] =
                ["Name", "Source", "Target", "RelationshipId", "ServiceId"].map(|name| json!(member(record, name)));
            vec![name, source, target, id, service, json!(time(record)), json!(end.map(|end| time(end)))]
        });
        let rows: Vec<_> = rows.collect();
        assert_eq!(rows.iter().any(|row| !row[6].is_null()), twin == GONE.0, "{twin}: {rows:?}");
        answer.assert_is(&["Name", "Source", "Target", "RelationshipId", "ServiceId", "From", "Until"], rows);
    }
}

/// How many records of properties an instance has, and how many without repeats.
pub fn records_of(service: &str) -> (u64, u64) {
    let of_it = || properties().filter(|record| member(record, "ServiceId") == service);
    (of_it().count() as u64, once(of_it()).len() as u64)
}

#[test]
fn repeats() {
    let Some(answer) = answer("Without repeats 1") else { return };
    let (records, distinct) = (properties().count(), once(properties()).len());
    assert!(records > distinct);
    answer.assert_is(
        &["Records", "Distinct", "Repeats"],
        [vec![json!(records), json!(distinct), json!(records - distinct)]],
    );
}

#[test]
fn a_view_and_a_function_have_no_repeats() {
    let view = query("Without repeats 2");
    let body = view.split_once('{').unwrap().1.strip_suffix('}').unwrap();
    let function = query("Without repeats 3");
    let mut database = database();
    // As a definition that is stored: the properties are no part of it.
    database.functions =
        vec![format!("function AdtPropertyEventsSince{}", function.split_once("AdtPropertyEventsSince").unwrap().1)];
    let since = "2026-03-01T18:00:00.000000Z";
    let Some(outcomes) = database.run(&[body, "AdtPropertyEventsSince(ago(6h))"]) else { return };
    for (outcome, since) in outcomes.into_iter().zip(["", since]) {
        let answer = outcome.unwrap();
        let place = answer.columns.iter().position(|column| column == "EventId").unwrap();
        let mut found: Vec<_> = answer.rows.iter().map(|row| row[place].as_str().unwrap().to_owned()).collect();
        found.sort();
        let mut wanted: Vec<_> = once(properties().filter(|record| time(record).as_str() >= since))
            .into_iter()
            .map(|record| member(record, "EventId"))
            .collect();
        wanted.sort();
        similar_asserts::assert_eq!(found, wanted);
    }
}
