//! What the API answers.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::factory::{
    Factory, graph, lifecycle, milliseconds, moment, relation, relation_at, removal, text, time, update,
};

const NOON: &str = "2026-01-01T12:00:00.0000000Z";

fn noon_and(seconds: i64) -> OffsetDateTime {
    time(NOON) + Duration::seconds(seconds)
}

fn ids(branch: &Value) -> Vec<&str> {
    branch["twins"].as_array().unwrap().iter().map(|twin| twin["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn both_formats_and_all_bodies_are_drawn() {
    let factory = Factory::start().await;
    let flat = |force: f64, seconds| json!({"$dtId": "Step", "Force": force, "$eventId": format!("flat{seconds}"), "$timestamp": text(noon_and(seconds))});
    let full = |force: f64, seconds| update("Step", "Force", force, noon_and(seconds));
    let bodies = [
        full(1.5, 1).to_string(),
        format!("{}\n{}", full(2.5, 2), full(3.5, 3)),
        json!([full(4.5, 4), full(5.5, 5)]).to_string(),
        flat(6.5, 6).to_string(),
        format!("{}\n{}\n", flat(7.5, 7), flat(8.5, 8)),
        json!([flat(9.5, 9), flat(10.5, 10)]).to_string(),
    ];
    factory.send(&bodies).await;
    factory.has_read(10).await;
    let curve = factory.curve("series=Step/Force").await;
    assert_eq!(curve["v"], json!([1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5]));
    assert_eq!(curve["base"], milliseconds(noon_and(1)));
    assert_eq!(curve["t"].as_array().unwrap().len(), 10);
    assert_eq!(curve["t"][9], 9_000.0);
    assert_eq!((&curve["kind"], &curve["exact"]), (&json!("number"), &json!(true)));
    assert_eq!(curve["latest"], json!({"time": text(noon_and(10)), "value": 10.5}));
}

#[tokio::test]
async fn values_and_times_are_shown_as_received() {
    let factory = Factory::start().await;
    factory
        .send(&[
            r#"{"TimeStamp":"2026-01-01T12:00:00.1234567Z","Id":"Step","Key":"Force","Value":1.10,"Action":"Update"}"#.to_owned(),
            r#"{"TimeStamp":"2026-01-01T13:00:01+01:00","SourceTimeStamp":"2026-01-01T11:59:59Z","Id":"Step","Key":"Force","Value":2,"Action":"Update"}"#.to_owned(),
        ])
        .await;
    factory.has_read(2).await;
    let curve = factory.curve("series=Step/Force&from=1767268800000").await;
    assert_eq!(curve["base"], 1_767_268_800_000_i64);
    assert_eq!(curve["t"], json!([123.4567, 1_000.0]));
    let notes =
        json!({"0": {"value": "1.10"}, "1": {"time": "2026-01-01T13:00:01+01:00", "source": "2026-01-01T11:59:59Z"}});
    assert_eq!(curve["notes"], notes);
}

#[tokio::test]
async fn the_tree_follows_the_relationships() {
    let factory = Factory::start().await;
    let mut records = graph();
    records.push(update("GrindingStep", "Force", 1, noon_and(0)));
    records.push(update("Alone", "Mood", "good", noon_and(0)));
    factory.send_records(&records).await;
    factory.has_read(7).await;

    let top = factory.json("api/twins").await;
    assert_eq!(ids(&top), ["ChocolateFactory", "Alone"]);
    assert_eq!(top["twins"][0]["children"], 1);
    let steps = factory.json("api/twins?under=ProductionLine").await;
    assert_eq!(ids(&steps), ["FanningStep", "GrindingStep", "MouldingStep"]);
    assert_eq!(steps["twins"][1]["keys"], json!([{"key": "Force", "numeric": true, "points": 1}]));
    assert_eq!(steps["twins"][1]["relationship"], "rel_runs_steps");
    assert_eq!(ids(&factory.json("api/twins?search=MOOD").await), ["Alone"]);
    let page = factory.json("api/twins?under=ProductionLine&skip=1&limit=1").await;
    assert_eq!((ids(&page), &page["total"]), (vec!["GrindingStep"], &json!(3)));

    let mut ended = relation("ProductionLine", "rel_runs_steps", "FanningStep");
    ended["Action"] = json!("Delete");
    ended["EventId"] = json!("another");
    factory.send_records(&[ended]).await;
    factory.has_read(8).await;
    assert_eq!(ids(&factory.json("api/twins").await), ["ChocolateFactory", "Alone", "FanningStep"]);
}

#[tokio::test]
async fn twins_are_found_by_their_models() {
    let factory = Factory::start().await;
    let mut nameless = update("Alone", "Mood", "good", noon_and(0));
    nameless["ModelId"].take();
    let records = [update("B", "Force", 1, noon_and(0)), lifecycle("A", "Create", noon_and(0)), nameless];
    factory.send_records(&records).await;
    factory.has_read(3).await;
    let models = factory.json("api/models").await;
    let id = |twin: &str| format!("dtmi:com:microsoft:iot:e2e:digital_factory:{twin};1");
    let expected =
        [(String::new(), 1), (id("A"), 1), (id("B"), 1)].map(|(id, twins)| json!({"id": id, "twins": twins}));
    assert_eq!(models["models"], json!(expected));
    assert_eq!(ids(&factory.json(&format!("api/twins?model={}", id("B"))).await), ["B"]);
    assert_eq!(ids(&factory.json("api/twins?model=").await), ["Alone"]);
}

#[tokio::test]
async fn what_begins_and_ends_is_marked() {
    let factory = Factory::start().await;
    let relation = |action, seconds| relation_at("Line", "runs", "Step", action, noon_and(seconds));
    let records = [
        lifecycle("Step", "Create", noon_and(0)),
        lifecycle("Other", "Create", noon_and(1)),
        relation("Create", 2),
        relation("Delete", 3),
        lifecycle("Step", "Delete", noon_and(4)),
    ];
    factory.send_records(&records).await;
    factory.has_read(5).await;
    let answer = factory.json("api/lifecycle?twin=Step&twin=Nobody").await;
    let link = json!({"id": "Line-Step", "name": "runs", "target": "Step"});
    let at = |seconds, twin, relationship: &Value, ends| {
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of this century are exact")]
        let time = milliseconds(noon_and(seconds)) as f64;
        json!({"time": time, "twin": twin, "relationship": relationship, "ends": ends})
    };
    let expected = [
        at(4, "Step", &Value::Null, true),
        at(3, "Line", &link, true),
        at(2, "Line", &link, false),
        at(0, "Step", &Value::Null, false),
    ];
    assert_eq!((&answer["total"], &answer["milestones"]), (&json!(4), &json!(expected)));
    let window = format!("from={}&to={}", milliseconds(noon_and(1)), milliseconds(noon_and(3)));
    let some = factory.json(&format!("api/lifecycle?{window}&limit=1")).await;
    assert_eq!((&some["total"], some["milestones"].as_array().unwrap().len()), (&json!(3), 1));
}

#[tokio::test]
async fn whole_numbers_of_which_there_are_few_are_steps() {
    let factory = Factory::start().await;
    let records: Vec<_> = (0..5_000).map(|second| update("Step", "Mode", second / 100 % 3, noon_and(second))).collect();
    factory.send_records(&records.chunks(500).map(|some| json!(some)).collect::<Vec<_>>()).await;
    factory.has_read(5_000).await;
    let auto = factory.curve("series=Step/Mode&width=100").await;
    assert_eq!((&auto["kind"], &auto["exact"]), (&json!("step"), &json!(false)));
    assert_eq!(auto["avg"], Value::Null, "nobody asked for averages");
    let fixed = factory.curve("series=Step/Mode&width=1000&interval=1m").await;
    assert_eq!((&fixed["last"][0], &fixed["count"][0]), (&json!(0.0), &json!(60)));
    let fit = factory.curve("series=Step/Mode&width=400&interval=fit").await;
    assert_eq!(fit["interval"], 60_000);
}

#[tokio::test]
async fn removals_and_gaps_break_the_line() {
    let factory = Factory::start().await;
    let at = |seconds| update("Step", "Force", seconds, noon_and(seconds));
    let mut records: Vec<_> = (0..10).map(at).collect();
    records.push(removal("Step", "Force", noon_and(10)));
    records.extend((11..20).chain(60..70).map(at));
    factory.send_records(&records).await;
    factory.has_read(30).await;
    let curve = factory.curve("series=Step/Force").await;
    assert_eq!(curve["v"][10], Value::Null);
    assert_eq!(curve["breaks"], json!([11, 20]));
    let averages = factory.curve("series=Step/Force&interval=10s").await;
    assert_eq!(averages["interval"], 10_000);
    assert_eq!(averages["avg"], json!([4.5, 15.0, 64.5]));
    assert_eq!(averages["min"], json!([0.0, 11.0, 60.0]));
    assert_eq!(averages["max"], json!([9.0, 19.0, 69.0]));
    assert_eq!(averages["last"], json!([9.0, 19.0, 69.0]));
    assert_eq!(averages["count"], json!([10, 9, 10]));
    assert_eq!(averages["breaks"], json!([1, 2]));
    assert_eq!(averages["removals"], json!([10_000.0]));
}

#[tokio::test]
async fn what_is_no_number_comes_as_states() {
    let factory = Factory::start().await;
    let records = [
        update("Step", "State", "Running", noon_and(0)),
        update("Step", "Final", true, noon_and(0)),
        update("Step", "State", "Idle", noon_and(5)),
    ];
    factory.send_records(&records).await;
    factory.has_read(3).await;
    let answer = factory.json("api/series?series=Step/State&series=Step/Final&interval=1m").await;
    assert_eq!(answer["series"][0]["kind"], "text");
    assert_eq!(answer["series"][0]["v"], json!(["Running", "Idle"]), "states have no average");
    assert_eq!(answer["series"][1]["v"], json!([true]));
}

#[tokio::test]
async fn records_are_listed_newest_first_and_found_by_series() {
    let factory = Factory::start().await;
    let record = update("Step", "Force", 1, noon_and(0));
    let other = update("Step", "Speed", 2, noon_and(1));
    factory.send_records(&[record.clone(), other, record]).await;
    factory.send(&["hello".to_owned()]).await;
    factory.has_read(4).await;
    let all = factory.json("api/records").await;
    let numbers = |answer: &Value| -> Vec<u64> {
        answer["records"].as_array().unwrap().iter().map(|record| record["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&all), [4, 3, 2, 1]);
    assert_eq!((&all["records"][0]["remark"], &all["records"][0]["text"]), (&json!("not JSON"), &json!("hello")));
    assert_eq!((&all["records"][1]["remark"], &all["records"][1]["sequenceNumber"]), (&json!("repeat"), &json!(2)));
    assert_eq!(numbers(&factory.json("api/records?series=Step/Force").await), [3, 1]);
    assert_eq!(numbers(&factory.json("api/records?twin=Step&before=3&limit=1").await), [2]);
    assert_eq!(factory.curve("series=Step/Force").await["of"], 1, "the repeat is not drawn");
    assert_eq!(factory.explorer.counters().repeats, 1);
    assert_eq!(&*factory.explorer.newest(1)[0], "hello");
}

#[tokio::test]
async fn a_series_can_be_downloaded() {
    let factory = Factory::start().await;
    let records: Vec<_> = (0..3).map(|second| update("Step", "Force", second, noon_and(second))).collect();
    factory.send_records(&records).await;
    factory.has_read(3).await;
    let window = format!("from={}&to={}", milliseconds(noon_and(1)), milliseconds(noon_and(2)));
    let answer = factory.fetch(&format!("api/export?format=csv&series=Step/Force&{window}")).await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"twins.csv\"");
    let expected = "TimeStamp,SourceTimeStamp,Id,Key,Value,Action\r\n\
        2026-01-01T12:00:01.0000000Z,,Step,Force,1,Update\r\n\
        2026-01-01T12:00:02.0000000Z,,Step,Force,2,Update\r\n";
    assert_eq!(answer.text().await.unwrap(), expected);
    let lines = factory.text("api/export?format=ndjson&series=Step/Force").await;
    let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(line, json!({"TimeStamp": NOON, "Id": "Step", "Key": "Force", "Value": 0, "Action": "Update"}));
    assert_eq!(lines.lines().count(), 3);
}

#[tokio::test]
async fn a_hundred_thousand_points_are_as_few_as_the_pixels() {
    let factory = Factory::start().await;
    let values = |chunk: i64| {
        let record = |second| update("Step", "Force", (second * 7919) % 1_000, noon_and(second));
        Value::Array((chunk * 500..(chunk + 1) * 500).map(record).collect())
    };
    factory.send_records(&(0..200).map(values).collect::<Vec<_>>()).await;
    factory.has_read(100_000).await;

    let raw = factory.curve("series=Step/Force&interval=raw&width=1000").await;
    let values = raw["v"].as_array().unwrap();
    assert_eq!((&raw["of"], &raw["exact"]), (&json!(100_000), &json!(false)));
    assert!((1_000..=5_000).contains(&values.len()), "{} points", values.len());
    assert!(values.contains(&json!(999.0)) && values.contains(&json!(0.0)), "the extremes are among them");
    let auto = factory.curve("series=Step/Force&width=1000").await;
    assert_eq!(auto["interval"], 600_000);
    assert_eq!(auto["avg"].as_array().unwrap().len(), 167);

    let (from, to) = (milliseconds(noon_and(50_000)), milliseconds(noon_and(51_000)));
    let near = factory.curve(&format!("series=Step/Force&width=1000&from={from}&to={to}")).await;
    assert_eq!((&near["of"], &near["exact"]), (&json!(1_001), &json!(true)));
    assert_eq!(near["v"].as_array().unwrap().len(), 1_003, "and a neighbour on either side");
    let file = factory.text("api/export?format=csv&series=Step/Force").await;
    assert_eq!(file.lines().count(), 100_001);
}

#[tokio::test]
async fn whoever_listens_hears_of_new_points() {
    let factory = Factory::start().await;
    let mut live = factory.fetch("api/live").await;
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    let mut heard = String::new();
    let mut sent = false;
    loop {
        let chunk = tokio::time::timeout(crate::TIMEOUT, live.chunk()).await.unwrap().unwrap().unwrap();
        heard.push_str(std::str::from_utf8(&chunk).unwrap());
        let overviews = heard.lines().filter_map(|line| line.strip_prefix("data: "));
        let overviews: Vec<Value> = overviews.map_while(|line| serde_json::from_str(line).ok()).collect();
        let Some(newest) = overviews.last() else { continue };
        if !sent {
            assert_eq!((&newest["points"], &newest["last"]), (&json!(0), &Value::Null));
            factory.send_records(&moment(0, noon_and(0))).await;
            sent = true;
        } else if newest["points"] == 10 {
            assert_eq!(newest["last"], 1_767_268_800_000.0);
            let suggested: Vec<_> = newest["suggestion"].as_array().unwrap().iter().map(|one| &one["key"]).collect();
            assert_eq!(suggested, ["ChasisTemperature", "Force", "PowerUsage", "Vibration"]);
            assert_eq!(newest["connection"], "reading");
            break;
        }
    }
}

#[tokio::test]
async fn what_is_not_understood_is_explained() {
    let factory = Factory::start().await;
    let cases = [
        ("api/series", "No series is named: series=<twin>/<key>."),
        ("api/series?series=Step", "A series is <twin>/<key>, not Step."),
        (
            "api/series?series=a/b&interval=fast",
            "interval is auto, raw, fit, or a length such as 1s, 10m, 1h or 1d, not fast.",
        ),
        ("api/series?series=a/b&from=2&to=1", "from is after to."),
        ("api/export?series=a/b", "format is ndjson or csv."),
        ("api/records?limit=0", "limit is a whole number from 1 to 500, not 0."),
        ("api/twins?under=a&search=b", "Only one of under, model and search can be answered at once."),
        ("api/twins?colour=red", "There is no parameter colour, only: under, model, search, skip, limit."),
    ];
    for (path, detail) in cases {
        let answer = factory.fetch(path).await;
        assert_eq!(answer.status(), 400, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(problem, json!({"title": "Bad Request", "status": 400, "detail": detail}));
    }
    assert_eq!(factory.fetch("api/else").await.status(), 404);
    let unknown = factory.curve("series=No%2520body/Nothing").await;
    assert_eq!((&unknown["twin"], &unknown["of"], &unknown["t"]), (&json!("No body"), &json!(0), &json!([])));
}

#[tokio::test]
async fn the_page_comes_with_its_types_and_its_policy() {
    let factory = Factory::start().await;
    let cases = [
        ("", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("explorer.js", "text/javascript; charset=utf-8"),
        ("uPlot.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ];
    for (path, content_type) in cases {
        let answer = factory.fetch(path).await;
        assert_eq!(answer.headers()["content-type"], content_type, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
    }
}
