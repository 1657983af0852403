//! `twin-bridge replay` of files: dead letters, mended or not, on their way to the hub again.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use axum::{Router, http::StatusCode, routing::options};
use local_azure::{
    event_grid::{Config, DeadLetters, EventGrid, Schema, Subscription},
    event_hubs::{Answer as HubAnswer, EventHubs},
    functions_host::Storage,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use crate::handler::{TIMEOUT, command, hub, settings, update};

async fn replay(hub: &EventHubs, arguments: &[&str], files: &[&Path]) -> Output {
    command().arg("replay").args(arguments).args(files).envs(settings(hub)).output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn write(folder: &tempfile::TempDir, name: &str, content: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

fn ids(hub: &EventHubs) -> Vec<String> {
    let record = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap();
    hub.events("twins").iter().map(|event| record(&event.body)["EventId"].as_str().unwrap().to_owned()).collect()
}

/// An event as Event Grid puts it into a dead-letter blob.
fn dead_letter(mut event: Value) -> Value {
    event["deadLetterReason"] = json!("MaxDeliveryAttemptsExceeded");
    event["deliveryAttempts"] = json!(30);
    event["lastDeliveryOutcome"] = json!("NotFound");
    event["lastHttpStatusCode"] = json!(500);
    event
}

#[tokio::test]
async fn dead_letters_of_every_form_reach_the_hub() {
    let hub = hub();
    let folder = tempfile::tempdir().unwrap();
    let one = |id: &str| dead_letter(update(id, "t", &[("/a", json!(1))]));
    let array = write(&folder, "array.json", &json!([one("a"), one("b")]).to_string());
    let single = write(&folder, "single.json", &serde_json::to_string_pretty(&one("c")).unwrap());
    let lines = write(&folder, "lines.json", &format!("{}\n{}\n", one("d"), one("e")));
    let cloud_event = json!({
        "specversion": "1.0", "id": "f", "type": "Microsoft.DigitalTwins.Twin.Delete", "source": "h", "subject": "t",
        "deadletterreason": "MaxDeliveryAttemptsExceeded", "data": {},
    });
    let cloud_event = write(&folder, "cloud.json", &cloud_event.to_string());
    let foreign = write(&folder, "foreign.json", r#"{"id":"x","eventType":"Microsoft.Storage.BlobCreated"}"#);

    let output = replay(&hub, &[], &[&array, &single, &lines, &cloud_event, &foreign]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "forwarded 6 (records 6), still bad 0, ignored 1\n");
    assert_eq!(ids(&hub), ["a#0", "b#0", "c#0", "d#0", "e#0", "f#0"]);
}

/// An endpoint that agrees to CloudEvents and then takes none, for good.
async fn endpoint_that_refuses() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let agree = || async { [("webhook-allowed-origin", "*")] };
    let router = Router::new().route("/", options(agree).post(StatusCode::BAD_REQUEST));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url + "/"
}

#[tokio::test]
async fn what_event_grid_gave_up_reaches_the_hub() {
    let hub = hub();
    let folder = tempfile::tempdir().unwrap();
    let (events, receiver) = mpsc::channel(8);
    let mut config = Config::new(Schema::CloudEvents, receiver);
    let storage = Storage::Folder(folder.path().to_owned());
    config.subscriptions.push(Subscription {
        max_events_per_batch: 8,
        dead_letters: Some(DeadLetters { storage, container: "dead-letters".to_owned() }),
        ..Subscription::new("to-the-bridge", endpoint_that_refuses().await)
    });
    for id in ["a", "b", "c"] {
        let deleted = json!({
            "specversion": "1.0", "id": id, "type": "Microsoft.DigitalTwins.Twin.Delete", "source": "h",
            "subject": "t", "data": {},
        });
        events.send(deleted).await.unwrap();
    }
    let grid = EventGrid::start(config).await.unwrap();
    assert!(grid.wait_until(TIMEOUT, |snapshot| snapshot.subscriptions[0].dead_lettered == 3).await);

    let files = files(folder.path());
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let output = replay(&hub, &[], &files).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "forwarded 3 (records 3), still bad 0, ignored 0\n");
    let mut ids = ids(&hub);
    ids.sort();
    assert_eq!(ids, ["a#0", "b#0", "c#0"]);
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn what_is_still_bad_goes_to_the_rest_and_can_be_replayed_when_mended() {
    let hub = hub();
    let folder = tempfile::tempdir().unwrap();
    let mut bad = update("bad", "t", &[("/a", json!(1.5))]);
    bad["data"]["data"]["patch"][0]["op"] = json!("mend me");
    let good = update("good", "t", &[("/a", json!(1))]);
    let file = write(&folder, "letters.json", &format!("{}\nnot JSON\n{good}", dead_letter(bad)));
    let rest = folder.path().join("rest.json");

    let output = replay(&hub, &["--rest", rest.to_str().unwrap()], &[&file]).await;
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "forwarded 1 (records 1), still bad 2, ignored 0\n");
    let left: Vec<Value> =
        fs::read_to_string(&rest).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(left.len(), 2);
    assert!(left.iter().any(|letter| letter["event"] == "not JSON"));
    let letter = left.iter().find(|letter| letter["id"] == "bad").unwrap();
    assert!(letter["deadLetterReason"].as_str().unwrap().contains("operation 0"), "the new reason, not the old one");

    let mended = write(&folder, "mended.json", &letter.to_string().replace("mend me", "replace"));
    let output = replay(&hub, &[], &[&mended]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(ids(&hub), ["good#0", "bad#0"]);
}

#[tokio::test]
async fn an_interrupted_replay_says_from_where_to_go_on() {
    let hub = hub();
    let folder = tempfile::tempdir().unwrap();
    let events: Vec<_> = (0..500).map(|number| update(&number.to_string(), "t", &[("/a", json!(number))])).collect();
    let file = write(&folder, "letters.json", &json!(events).to_string());

    // The first batch is held, so that the interruption comes in the middle of it.
    hub.faults().answer(HubAnswer::Hold);
    let child = command()
        .arg("replay")
        .arg(&file)
        .envs(settings(&hub))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(hub.wait_until(TIMEOUT, |hub| !hub.events("twins").is_empty()).await);
    let pid = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("0 of 500 events are done. To go on from there: --skip 0"),
        "{}",
        text(&output.stderr)
    );

    hub.faults().answer(HubAnswer::Accept);
    let output = replay(&hub, &["--skip", "200"], &[&file]).await;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "forwarded 300 (records 300), still bad 0, ignored 0\n");
}

#[tokio::test]
async fn a_hub_in_trouble_is_waited_for_and_a_denial_is_not() {
    let hub = hub();
    let folder = tempfile::tempdir().unwrap();
    let file = write(&folder, "letters.json", &update("e", "t", &[("/a", json!(1))]).to_string());
    hub.faults().answer_next(3, HubAnswer::server_busy());
    let output = replay(&hub, &[], &[&file]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

    let wrong = hub.connection_string("twins").replace("SharedAccessKey=", "SharedAccessKey=wrong");
    let output = command().arg("replay").arg(&file).env("EVENT_HUB", wrong).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("The event hub denies access"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn it_needs_a_hub_and_dead_letters() {
    let output = command().args(["replay", "x.json"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(64));
    let hub = hub();
    let output = replay(&hub, &[], &[]).await;
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("Set AzureWebJobsStorage__accountName"), "{}", text(&output.stderr));
    let output = replay(&hub, &[], &[Path::new("no-such-file.json")]).await;
    assert_eq!(output.status.code(), Some(1));
    for usage in [&["--rest", "x.json"][..], &["--skip", "1"], &["--dry-run", "x.json"]] {
        let output = replay(&hub, usage, &[]).await;
        assert!(text(&output.stderr).contains("Usage:"), "{}", text(&output.stderr));
    }
}
