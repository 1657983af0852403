//! The whole way that a notification takes on a laptop: Event Grid's webhook call, the host, the handler that the host
//! starts as `host.json` says, the hub.

use std::path::Path;

use local_azure::functions_host::{Config, FunctionsHost, Handler, Storage};
use serde_json::{Value, json};

use crate::handler::{hub, settings, update};

#[tokio::test]
async fn a_delivery_comes_out_of_the_hub_and_what_is_bad_becomes_a_blob() {
    let hub = hub();
    let blobs = tempfile::tempdir().unwrap();
    let mut config = Config::new(env!("CARGO_MANIFEST_DIR"), Storage::Folder(blobs.path().to_owned()));
    config.handler = Handler::Executable(env!("CARGO_BIN_EXE_twin-bridge").into());
    config.environment = settings(&hub);
    let host = FunctionsHost::start(config).await.unwrap();

    let mut bad = update("bad", "t", &[("/a", json!("kept"))]);
    bad["data"]["data"]["patch"][0]["path"] = json!("no pointer");
    let events = json!([update("good", "t", &[("/a", json!(204.25))]), bad]);
    let answer = reqwest::Client::new()
        .post(host.webhook_url("function"))
        .header("aeg-event-type", "Notification")
        .header("content-type", "application/json; charset=utf-8")
        .body(events.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);

    let records: Vec<Value> =
        hub.events("twins").iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect();
    assert_eq!(records.len(), 1);
    assert_eq!((&records[0]["EventId"], &records[0]["Value"]), (&json!("good#0"), &json!(204.25)));

    let dead_letters = only_file(&blobs.path().join("dead-letter"));
    let dead_letters: Vec<Value> = serde_json::from_str(&dead_letters).unwrap();
    assert_eq!((dead_letters.len(), &dead_letters[0]["id"]), (1, &json!("bad")));
    host.stop().await;
}

fn only_file(folder: &Path) -> String {
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read_to_string(&files[0]).unwrap()
}
