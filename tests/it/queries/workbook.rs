//! infra/dashboards/bridge.workbook.json is a workbook, and it and docs/operate.md find what the handler logs.
//!
//! Microsoft publishes a schema of workbooks: schema/workbook.json of microsoft/Application-Insights-Workbooks. It asks
//! for `version` and `items`, and of each item for a `type` that it knows and `content`; what content has more is that of
//! the workbooks in the same repository.

use std::{collections::BTreeSet, sync::Arc};

use local_azure::functions_host::{Config, FunctionsHost, Handler, Log, Storage};
use serde_json::{Map, Value, json};
use tokio::{
    sync::{OnceCell, watch},
    time::timeout,
};

use super::{
    LOG_TABLES, assert_valid,
    engine::{Answer, Database, queries_in},
};
use crate::{
    handler::{TIMEOUT, hub, settings, update},
    repository::{json, root, text},
};

const FILE: &str = "infra/dashboards/bridge.workbook.json";

/// Types of items: text, a query, parameters.
const TEXT: u64 = 1;
const QUERY: u64 = 3;
const PARAMETERS: u64 = 9;

/// So many lines each line stands for.
const SAMPLED: u64 = 3;

/// What the host of Azure Functions logs of a batch of the source hub (two versions), of one message of Service Bus, and of
/// several: from logs that people published, with other times; the last as Azure/azure-sdk-for-net,
/// `ServiceBusTriggerInput.cs`, writes it.
const TRIGGER_DETAILS: [&str; 4] = [
    "Trigger Details: PartitionId: 0, Offset: 1011240-1011632, EnqueueTimeUtc: 2026-03-01T11:59:04.2030000Z-2026-03-01T11:59:08.3900000Z, SequenceNumber: 2546-2547, Count: 2",
    "Trigger Details: PartitionId: 24, OffsetString: 0, EnqueueTimeUtc: 2026-03-01T11:59:29.1790000+00:00, SequenceNumber: 0, Count: 1, Offset: 0, PartionId: 24",
    "Trigger Details: MessageId: 796ff79c0e2742568c47095abd3fa7a6, SequenceNumber: 6, DeliveryCount: 1, EnqueuedTimeUtc: 2026-03-01T11:59:56.6630000+00:00, LockedUntilUtc: 2026-03-01T12:00:56.6780000+00:00, SessionId: (null)",
    "Trigger Details: MessageIdArray: 1,2, SequenceNumberArray: 6,7, DeliveryCountArray: 1,1, EnqueuedTimeUtcArray: 2026-03-01T11:59:50.0000000Z,2026-03-01T11:59:57.0000000Z, LockedUntilArray: 2026-03-01T12:01:00.0000000Z,2026-03-01T12:01:00.0000000Z, SessionId: ",
];

fn items() -> Vec<Value> {
    json(FILE)["items"].as_array().unwrap().clone()
}

/// The queries of the workbook, by the name of their item.
fn queries() -> Vec<(String, String)> {
    let queries = items().into_iter().filter(|item| item["type"] == QUERY);
    let texts =
        queries.map(|item| [&item["name"], &item["content"]["query"]].map(|text| text.as_str().unwrap().to_owned()));
    texts.map(|[name, query]| (name, query)).collect()
}

#[test]
fn it_has_the_fields_of_a_workbook() {
    let workbook = json(FILE);
    assert_eq!(workbook["version"], "Notebook/1.0");
    assert_eq!(
        workbook["$schema"],
        "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"
    );
    let mut names = BTreeSet::new();
    let mut parameters = BTreeSet::new();
    for item in items() {
        let content = item["content"].as_object().unwrap();
        let name = item["name"].as_str().unwrap().to_owned();
        match item["type"].as_u64().unwrap() {
            TEXT => assert!(content["json"].is_string()),
            PARAMETERS => {
                assert_eq!(content["version"], "KqlParameterItem/1.0");
                let declared = content["parameters"].as_array().unwrap().iter();
                parameters.extend(declared.map(|parameter| parameter["name"].as_str().unwrap().to_owned()));
            }
            QUERY => {
                assert_eq!(content["version"], "KqlItem/1.0");
                // Logs, of the Application Insights that it belongs to.
                assert_eq!(content["queryType"], 0);
                assert_eq!(content["resourceType"], "microsoft.insights/components");
                assert!(content["query"].is_string() && content["title"].is_string());
                assert!(parameters.contains(content["timeContextFromParameter"].as_str().unwrap()), "{name}");
                let kind = content["visualization"].as_str().unwrap();
                assert!(["barchart", "table", "timechart"].contains(&kind), "{kind}");
            }
            other => panic!("{name}: no type {other}"),
        }
        assert!(names.insert(name));
    }
}

#[test]
fn every_query_is_valid() {
    assert_valid(LOG_TABLES, queries().into_iter().map(|(_, query)| query));
}

/// The log of a handler that took two events, one of them twice, that set one aside, and that was given nonsense.
async fn log() -> &'static [String] {
    static LOG: OnceCell<Vec<String>> = OnceCell::const_new();
    LOG.get_or_init(record_log).await
}

async fn record_log() -> Vec<String> {
    let (hub, blobs, letters) = (hub(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lines = Arc::new(watch::Sender::new(Vec::new()));
    let mut config = Config::new(root(), Storage::Folder(blobs.path().to_owned()));
    config.handler = Handler::Executable(env!("CARGO_BIN_EXE_twin-bridge").into());
    config.environment = settings(&hub);
    config.environment.push(("DEAD_LETTERS".to_owned(), format!("file://{}", letters.path().display())));
    config.log = Log::new({
        let lines = Arc::clone(&lines);
        move |line| lines.send_modify(|lines: &mut Vec<String>| lines.push(line.message.clone()))
    });
    let host = FunctionsHost::start(config).await.unwrap();
    let event = |id, values: &[(&str, Value)]| update(id, "t", values);
    let first = event("e", &[("/a", json!(1)), ("/b", json!(2))]);
    let mut bad = event("bad", &[("/a", json!(1))]);
    bad["data"] = json!("nothing");
    for events in
        [json!([first, event("f", &[("/a", json!(3))])]), json!([first]), json!([bad, event("g", &[("/a", json!(4))])])]
    {
        let request = reqwest::Client::new().post(host.webhook_url("function"));
        let request = request.header("aeg-event-type", "Notification").header("content-type", "application/json");
        request.body(events.to_string()).send().await.unwrap();
    }
    // What no host would send.
    let address = lines
        .borrow()
        .iter()
        .find_map(|line| Some(line.split_once(" address=")?.1.split(' ').next()?.to_owned()))
        .unwrap();
    reqwest::Client::new().post(format!("http://{address}/function")).body("nonsense").send().await.unwrap();
    let mut written = lines.subscribe();
    for (phrase, times) in
        [("Delivered", 3), ("Set aside as dead letters", 1), ("The delivery failed", 1), ("The event hub is ready", 1)]
    {
        let enough = |lines: &Vec<String>| lines.iter().filter(|line| line.contains(phrase)).count() >= times;
        let waited = timeout(TIMEOUT, written.wait_for(enough)).await.map(drop);
        assert!(waited.is_ok(), "{phrase}\n{}", lines.borrow().join("\n"));
    }
    host.stop().await;
    lines.borrow().clone()
}

/// Application Insights with these lines, one each second of a minute, and every one of them a sample.
fn application_insights(messages: impl IntoIterator<Item = String>) -> Database {
    let rows = messages.into_iter().enumerate().map(|(number, message)| {
        let row = json!({
            "timestamp": format!("2026-03-01T12:00:{:02}Z", number % 60), "message": message, "severityLevel": 1,
            "itemCount": SAMPLED, "cloud_RoleInstance": "instance",
        });
        row.as_object().unwrap().clone()
    });
    Database::of(LOG_TABLES, rows, |_: &Map<_, _>| "traces")
}

async fn answer(query: &str) -> Option<Answer> {
    application_insights(log().await.to_vec()).answer(query)
}

async fn item(name: &str) -> Option<Answer> {
    answer(&queries().into_iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1).await
}

fn operate(name: &str) -> String {
    let queries = queries_in(&text("docs/operate.md"));
    queries.into_iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1
}

/// Every query of both runs as it is; the engine lacks nothing of them.
#[tokio::test]
async fn every_query_runs() {
    let lines = log().await.iter().cloned().chain(TRIGGER_DETAILS.map(str::to_owned));
    let database = application_insights(lines);
    let all: Vec<_> = queries().into_iter().chain(queries_in(&text("docs/operate.md"))).collect();
    assert!(all.len() >= 13);
    let texts: Vec<_> = all.iter().map(|(_, text)| text).collect();
    let Some(outcomes) = database.run(&texts) else { return };
    for ((name, _), outcome) in all.iter().zip(outcomes) {
        let answer = outcome.unwrap_or_else(|lacks| panic!("{name}: {lacks}"));
        assert!(!answer.rows.is_empty(), "{name} finds nothing");
        assert_eq!(answer.instead, [""; 0], "{name}");
    }
}

#[tokio::test]
async fn totals_count_what_was_delivered() {
    let Some(answer) = item("totals").await else { return };
    // Three deliveries of five events: two of them new with three records, one repeated, one bad, one with a record.
    let counts = [3, 5, 4, 0, 0, 1, 1].map(|count| json!(count * SAMPLED));
    answer.assert_is(
        &["deliveries", "events", "records", "empty", "ignored", "repeats", "dead_letters"],
        [counts.to_vec()],
    );
}

#[tokio::test]
async fn throughput_is_that_of_the_log() {
    let Some(answer) = answer(&operate("Monitoring 1")).await else { return };
    assert_eq!(answer.columns, ["timestamp", "deliveries", "events", "records", "repeats", "set_aside", "p95_ms"]);
    let [row] = &answer.rows[..] else { panic!("{answer:?}") };
    let counts = [3, 5, 4, 1, 1].map(|count| json!(count * SAMPLED));
    assert_eq!(row[..6], [&[json!("2026-03-01T12:00:00.000000Z")], &counts[..]].concat());
    assert!(row[6].is_u64());
}

#[tokio::test]
async fn failures_have_their_kind() {
    let Some(answer) = item("examples").await else { return };
    let [row] = &answer.rows[..] else { panic!("{answer:?}") };
    assert_eq!(
        (&answer.columns[0], &row[0], &row[1]),
        (&"failure".to_owned(), &json!("badInvocation"), &json!(SAMPLED))
    );
}

#[tokio::test]
async fn dead_letters_have_their_reason() {
    let Some(answer) = item("reasons").await else { return };
    let [row] = &answer.rows[..] else { panic!("{answer:?}") };
    assert!(row[1].as_str().unwrap().contains("the first for this reason: "), "{row:?}");
}

/// Of the first line the older of its two times.
#[test]
fn lag_is_how_long_the_oldest_event_waited() {
    let database = application_insights(TRIGGER_DETAILS.map(str::to_owned));
    let query = queries().into_iter().find(|(name, _)| name == "lag").unwrap().1;
    let by_line = query.replace("bin(timestamp, 5m)", "timestamp");
    assert_ne!(by_line, query);
    let Some(answer) = database.answer(&by_line) else { return };
    let lags = [("00", 55.797), ("01", 31.821), ("02", 5.337), ("03", 13.0)];
    let rows = lags.map(|(second, lag)| vec![json!(format!("2026-03-01T12:00:{second}.000000Z")), json!(lag)]);
    answer.assert_is(&["timestamp", "lag"], rows);
}
