//! Microsoft's clients for Python, which `tests/clients/install.sh` puts in place.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

use crate::{
    skipped::skipped,
    support::{HOST, Instance, SOON},
};

/// The clients that speak AMQP now and then retry their connect after seconds.
const SLOW: Duration = Duration::from_secs(90);

/// Runs a script to its end and gives the lines that it printed; `None`, loudly, where the clients aren't installed.
async fn run(script: &str, arguments: &[&str], input: &str) -> Option<Vec<Value>> {
    run_within(SOON, script, arguments, input).await
}

/// The same for a script that speaks AMQP.
pub(crate) async fn run_slowly(script: &str, arguments: &[&str]) -> Option<Vec<Value>> {
    run_within(SLOW, script, arguments, "").await
}

async fn run_within(limit: Duration, script: &str, arguments: &[&str], input: &str) -> Option<Vec<Value>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let venv = root.join("target/clients/venv");
    if !venv.join("installed.txt").exists() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the Python clients are not installed");
        skipped("the Python clients are not installed; tests/clients/install.sh does that");
        return None;
    }
    let mut command = Command::new(venv.join("bin/python"));
    command.arg(root.join("tests/clients").join(script)).args(arguments).kill_on_drop(true);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let output = timeout(limit, process.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{script} failed: {}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    Some(printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[tokio::test]
async fn the_python_client_does_everything_and_its_conditions_hold() {
    let mut instance = Instance::start().await;
    let Some(done) = run("digital_twins.py", &[&instance.twins.url()], "").await else { return };
    let done: Vec<_> = done.iter().map(|step| step.as_str().unwrap()).collect();
    assert_eq!(
        done,
        [
            "models created",
            "model created again: ModelIdAlreadyExists",
            "twins created",
            "twin created again: 412",
            "twin patched",
            "stale patch: 412",
            "patch with a wrong type: ValidationFailed",
            "component patched",
            "relationship created",
            "relationship patched",
            "relationships listed",
            "telemetry sent",
            "queried by pages",
            "event routes",
            "twin with relationships: RelationshipsNotDeleted",
            "everything deleted",
            "deleted twin: DigitalTwinNotFound",
        ]
    );
    assert!(instance.twins.graph().is_empty());
    let kinds: Vec<_> = instance.told().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(
        kinds,
        [
            "Twin.Create",
            "Twin.Create",
            "Twin.Update",
            "Twin.Update",
            "Relationship.Create",
            "Relationship.Update",
            "microsoft.iot.telemetry",
            "microsoft.iot.telemetry",
            "Relationship.Delete",
            "Twin.Delete",
            "Twin.Delete",
        ]
    );
}

#[tokio::test]
async fn microsofts_event_classes_read_every_notification() {
    let mut instance = Instance::with_models().await;
    instance.create_room("room1").await;
    instance.patch("/digitaltwins/room1", json!([{"op": "add", "path": "/name", "value": "Hall"}])).await;
    let headers = [("message-id", "m-1")];
    let telemetry = Some(json!({"noise": 40}));
    instance.send_with(reqwest::Method::POST, "/digitaltwins/room1/telemetry", &headers, telemetry).await;
    instance.delete("/digitaltwins/room1").await;
    let (mut events, mut expected) = (String::new(), Vec::new());
    for _ in 0..4 {
        for event in [instance.next_event_grid_event().await, instance.next_cloud_event().await] {
            events.push_str(&event.to_string());
            events.push('\n');
            expected.push(if event.get("specversion").is_some() {
                let source = event["source"].as_str().unwrap();
                assert!(source.starts_with(HOST), "{source}");
                json!({"schema": "CloudEvent", "id": event["id"], "type": event["type"], "source": source,
                       "subject": event.get("subject"), "timed": event.get("time").is_some(), "data": event["data"]})
            } else {
                json!({"schema": "EventGridEvent", "id": event["id"], "type": event["eventType"],
                       "topic": event["topic"], "subject": event["subject"],
                       "timed": event["eventTime"] != "0001-01-01T00:00:00Z", "data": event["data"]})
            });
        }
    }
    let Some(read) = run("read_notifications.py", &[], &events).await else { return };
    assert_eq!(read, expected);
}
