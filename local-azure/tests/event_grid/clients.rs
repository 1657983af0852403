//! Microsoft's Python client, which `tests/clients/install.sh` puts in place: it publishes, and parses what arrives.

use std::path::Path;
use std::process::Stdio;

use local_azure::event_grid::{Schema, Subscription};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::publishing::listen;
use crate::skipped::skipped;
use crate::support::{Answer, SCHEMAS, SOON, Topic, Webhook, subscription};

/// Runs the script with that input, and gives the lines that it prints; `None`, loudly, if the client isn't installed.
async fn python(arguments: &[&str], input: &str) -> Option<Vec<Value>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let environment = root.join("target/clients/venv");
    let installed = std::fs::read_to_string(environment.join("installed.txt")).unwrap_or_default();
    if !installed.contains("azure-eventgrid") {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the Python client is not installed");
        skipped("the Python client for Event Grid is not installed; tests/clients/install.sh does that");
        return None;
    }
    let mut script = Command::new(environment.join("bin/python"))
        .arg(root.join("tests/clients/event_grid.py"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    script.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let output = timeout(SOON, script.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn name(schema: Schema) -> &'static str {
    match schema {
        Schema::EventGrid => "event-grid",
        Schema::CloudEvents => "cloud-events",
    }
}

#[tokio::test]
async fn the_python_client_publishes_and_reads() {
    for schema in SCHEMAS {
        for max_events_per_batch in [1, 10] {
            let webhook = Webhook::start(&[Answer::Status(200)]).await;
            let subscription = Subscription { max_events_per_batch, ..subscription(&webhook) };
            let topic = Topic::start(schema, subscription, listen).await;
            let endpoint = topic.grid.endpoint().unwrap();
            let Some(published) = python(&["publish", name(schema), &endpoint, "5"], "").await else { return };
            assert!(published.is_empty());
            topic.until(|subscription| subscription.delivered == 5).await;

            let bodies: Vec<_> = webhook.received().into_iter().map(|delivery| delivery.body).collect();
            let mut read = python(&["parse", name(schema)], &bodies.join("\n")).await.unwrap();
            read.sort_by_key(|event| event["id"].to_string());
            let expected = |number: i32| {
                json!({
                    "id": format!("id-{number}"),
                    "type": "Microsoft.DigitalTwins.Twin.Update",
                    "subject": "grün",
                    "data": {"number": number},
                    "time": "2021-12-09T20:28:52+00:00",
                })
            };
            assert_eq!(read, (0..5).map(expected).collect::<Vec<_>>(), "{schema:?} by {max_events_per_batch}");
        }
    }
}

#[tokio::test]
async fn the_python_client_understands_a_refusal() {
    let webhook = Webhook::start(&[Answer::Status(200)]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), listen).await;
    let endpoint = topic.grid.endpoint().unwrap();
    let Some(refused) = python(&["publish", "cloud-events", &endpoint, "1"], "").await else { return };
    let [refused] = refused.try_into().unwrap();
    assert_eq!((&refused["status"], &refused["code"]), (&json!(400), &json!("BadRequest")));
    assert!(refused["message"].as_str().unwrap().contains("configured for 'EventGridEvent' schema"), "{refused}");
}
