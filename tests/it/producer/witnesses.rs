//! Microsoft's own clients read what the bridge sent: nobody here wrote both ends.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use azure_messaging_eventhubs::{ConsumerClient, OpenReceiverOptions, StartLocation, StartPosition};
use futures::StreamExt;
use local_azure::event_hubs::EventHubs;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};

use super::producer;
use crate::{
    handler::{Handler, TIMEOUT, hub, update},
    skipped::skipped,
};

const EVENTS: usize = 50;

/// Sends a few hundred records of several twins through the bridge, and answers what each must look like.
async fn send(connection_string: &str) -> Vec<Value> {
    let settings = [("EVENT_HUB", connection_string), ("EVENT_HUB_PRODUCER", producer())];
    let handler = Handler::with(settings.map(|(name, value)| (name.to_owned(), value.to_owned()))).await;
    let mut expected = Vec::new();
    for delivery in 0..5 {
        let mut events = Vec::new();
        for number in 0..EVENTS / 5 {
            let (id, twin) = (format!("{delivery}-{number}"), format!("Étape {number}"));
            let values = [("/Force", json!(300.25)), ("/labels/ä", json!("ö"))];
            events.push(update(&id, &twin, &values));
            for (index, (key, value)) in [("Force", json!(300.25)), ("labels.ä", json!("ö"))].into_iter().enumerate()
            {
                expected.push(json!({
                    "messageId": format!("{id}#{index}"),
                    "contentType": "application/json",
                    "partitionKey": twin,
                    "properties": {"Diagnostic-Id": "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01"},
                    "body": {
                        "TimeStamp": "2021-12-09T20:28:52.9795363Z", "Id": twin, "ModelId": "dtmi:example:step;1",
                        "Key": key, "Value": value, "Action": "Update", "EventId": format!("{id}#{index}"),
                    },
                }));
            }
        }
        handler.deliver(&json!(events)).await.assert_delivered();
    }
    expected
}

/// Runs a reader from `tests/clients` and compares what it prints.
async fn read_with(program: &str, script: &str) {
    let hub = hub();
    let expected = send(&hub.connection_string("twins")).await;
    if let Some(seen) = read(&hub, program, script, expected.len()).await {
        same(seen, expected);
    }
}

/// What a reader from `tests/clients` sees of the first `count` events; `None` if it is not installed.
async fn read(hub: &EventHubs, program: &str, script: &str, count: usize) -> Option<Vec<Value>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let program = if program.contains('/') { root.join(program) } else { program.into() };
    if !are_installed(script) {
        return None;
    }
    let connection_string = hub.connection_string("twins");
    let script = root.join("tests/clients").join(script);
    let reading = tokio::task::spawn_blocking(move || {
        Command::new(program).arg(script).args([connection_string, count.to_string()]).output()
    });
    let output = reading.await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut seen = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let fields = event.as_object_mut().unwrap();
        for place in ["sequenceNumber", "offset", "enqueuedTime", "partition"] {
            assert!(fields.remove(place).is_some(), "{place}");
        }
        if let Ok(body) = serde_json::from_str(fields["body"].as_str().unwrap()) {
            fields["body"] = body;
        }
        seen.push(event);
    }
    Some(seen)
}

/// Whether the clients are there.
fn are_installed(script: &str) -> bool {
    let clients = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/clients");
    let installed = clients.join("venv/installed.txt").exists() && clients.join("node_modules/installed.json").exists();
    if !installed {
        assert!(std::env::var_os("CI").is_none(), "in CI the clients must be installed: tests/clients/install.sh");
        skipped(&format!(
            "{script} did not see what the bridge sent. Run tests/clients/install.sh to install Microsoft's clients."
        ));
    }
    installed
}

/// The AMQP library on the other end is not the one that sends, nor that of the local hub.
#[tokio::test]
async fn a_hub_of_another_make_takes_every_record() {
    const SCRIPT: &str = "tests/clients/hub.mjs";
    if !are_installed(SCRIPT) {
        return;
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(SCRIPT);
    let mut command = tokio::process::Command::new("node");
    let command = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut hub = command.spawn().unwrap();
    let mut lines = BufReader::new(hub.stdout.take().unwrap()).lines();
    let mut line = async || timeout(TIMEOUT, lines.next_line()).await.unwrap().unwrap().unwrap();
    let port = line().await;
    let connection_string = format!(
        "Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=send;SharedAccessKey=secret;EntityPath=twins;UseDevelopmentEmulator=true"
    );
    let expected = send(&connection_string).await;
    let mut seen = Vec::new();
    for _ in &expected {
        let mut event: Value = serde_json::from_str(&line().await).unwrap();
        event.as_object_mut().unwrap().remove("partition").unwrap();
        event["body"] = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        seen.push(event);
    }
    same(seen, expected);
}

#[tokio::test]
async fn the_python_client_reads_every_record() {
    read_with("target/clients/venv/bin/python", "read_events.py").await;
}

#[tokio::test]
async fn the_javascript_client_reads_every_record() {
    read_with("node", "read_events.mjs").await;
}

#[tokio::test]
async fn the_python_client_reads_every_form_of_body() {
    let update = update("e", "t", &[("/a", json!(1)), ("/b", json!("two"))]);
    let created = json!({
        "id": "c", "eventType": "Microsoft.DigitalTwins.Twin.Create", "subject": "t", "eventTime": "2021-12-09T20:28:52Z",
        "data": {"data": {"$dtId": "t", "x": 1, "$metadata": {"$model": "m"}}},
    });
    let tables = ("EVENT_HUB_TABLES", "Properties,Twins,Relationships");
    for (settings, expected) in [
        (
            vec![("EVENT_HUB_BODY", "record")],
            vec![("e#0", 1, None), ("e#1", 1, None), ("c#0", 1, None), ("c#1", 1, None)],
        ),
        (vec![("EVENT_HUB_BODY", "lines")], vec![("e", 2, None), ("c", 2, None)]),
        (vec![("EVENT_HUB_BODY", "array")], vec![("e", 2, None), ("c", 2, None)]),
        (
            vec![("EVENT_HUB_BODY", "lines"), tables],
            vec![("e", 2, Some("Properties")), ("c#0", 1, Some("Twins")), ("c#1", 1, Some("Properties"))],
        ),
    ] {
        let hub = hub();
        let handler = Handler::start_by(producer(), &hub, &settings).await;
        handler.deliver(&json!([update, created])).await.assert_delivered();
        let Some(seen) = read(&hub, "target/clients/venv/bin/python", "read_events.py", expected.len()).await else {
            return;
        };
        let seen: Vec<_> = seen
            .iter()
            .map(|event| {
                (event["messageId"].as_str().unwrap(), count(&event["body"]), event["properties"]["Table"].as_str())
            })
            .collect();
        assert_eq!(seen, expected, "{settings:?}");
    }
}

/// How many records a body carries: an object, an array, or a text with one a line.
fn count(body: &Value) -> usize {
    match body {
        Value::Array(records) => records.iter().filter(|record| record.is_object()).count(),
        Value::String(lines) => {
            lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(Value::is_object).count()
        }
        record => usize::from(record.is_object()),
    }
}

/// On a single-threaded runtime, as everything that uses the SDK must be.
#[tokio::test]
async fn the_rust_client_reads_every_record() {
    let hub = hub();
    let expected = send(&hub.connection_string("twins")).await;
    let consumer = ConsumerClient::builder()
        .with_custom_endpoint(format!("amqp://{}", hub.address()))
        .open_with_connection_string(&hub.connection_string("twins"), None)
        .await
        .unwrap();
    let mut seen = Vec::new();
    for partition in consumer.get_eventhub_properties().await.unwrap().partition_ids {
        let last = consumer.get_partition_properties(&partition).await.unwrap();
        let count = hub.events("twins").iter().filter(|event| event.partition.to_string() == partition).count();
        assert_eq!(last.is_empty, count == 0);
        let from_the_start = StartPosition { location: StartLocation::Earliest, ..StartPosition::default() };
        let options = OpenReceiverOptions { start_position: Some(from_the_start), ..OpenReceiverOptions::default() };
        let receiver = consumer.open_receiver_on_partition(partition, Some(options)).await.unwrap();
        let mut stream = receiver.stream_events();
        for _ in 0..count {
            let event = stream.next().await.unwrap().unwrap();
            let body: Value = serde_json::from_slice(event.event_data().body().unwrap()).unwrap();
            seen.push(json!({"partitionKey": event.partition_key(), "body": body}));
        }
    }
    let expected =
        expected.into_iter().map(|event| json!({"partitionKey": event["partitionKey"], "body": event["body"]}));
    same(seen, expected.collect());
}

/// The same events, in whatever order the partitions were read.
fn same(mut seen: Vec<Value>, mut expected: Vec<Value>) {
    let by_id = |event: &Value| event["body"]["EventId"].to_string();
    seen.sort_by_key(by_id);
    expected.sort_by_key(by_id);
    similar_asserts::assert_eq!(seen, expected);
}
