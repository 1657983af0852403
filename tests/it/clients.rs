//! Microsoft's own clients read what the bridge sent: nobody here wrote both ends.

use std::{path::PathBuf, process::Command};

use azure_messaging_eventhubs::{ConsumerClient, OpenReceiverOptions, StartLocation, StartPosition};
use futures::StreamExt;
use local_azure::event_hubs::EventHubs;
use serde_json::{Value, json};

use crate::handler::{Handler, hub, update};

const EVENTS: usize = 50;

/// Sends a few hundred records of several twins through the bridge, and answers what each must look like.
async fn send(hub: &EventHubs) -> Vec<Value> {
    let handler = Handler::start(hub, &[]).await;
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
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let program = if program.contains('/') { root.join(program) } else { program.into() };
    let installed = root.join("target/clients/venv/installed.txt").exists()
        && root.join("target/clients/node_modules/installed.json").exists();
    if !installed {
        assert!(std::env::var_os("CI").is_none(), "in CI the clients must be installed: tests/clients/install.sh");
        eprintln!(
            "SKIPPED: {script} did not read what the bridge sent. Run tests/clients/install.sh to install Microsoft's clients."
        );
        return;
    }
    let hub = hub();
    let expected = send(&hub).await;
    let (connection_string, count) = (hub.connection_string("twins"), expected.len().to_string());
    let script = root.join("tests/clients").join(script);
    let output = tokio::task::spawn_blocking(move || {
        Command::new(program).arg(script).args([connection_string, count]).output()
    });
    let output = output.await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut seen = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let event = event.as_object_mut().unwrap();
        assert!(
            event.remove("sequenceNumber").is_some()
                && event.remove("offset").is_some()
                && event.remove("enqueuedTime").is_some()
        );
        event.remove("partition");
        event["body"] = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        seen.push(Value::Object(event.clone()));
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

/// On a single-threaded runtime, as everything that uses the SDK must be.
#[tokio::test]
async fn the_rust_client_reads_every_record() {
    let hub = hub();
    let expected = send(&hub).await;
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
