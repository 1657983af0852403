//! The whole way that a notification takes on a laptop: Event Grid's webhook call, the host, the handler that the host
//! starts as `host.json` says, the hub.

use std::path::{Path, PathBuf};

use local_azure::{
    event_hubs::EventHubs,
    functions_host::{Config, FunctionsHost, Handler, Storage},
};
use serde_json::{Value, json};

use crate::{
    azurite::Azurite,
    handler::{command, hub, settings, update},
};

#[tokio::test]
async fn a_delivery_comes_out_of_the_hub_and_what_is_bad_becomes_a_blob() {
    let hub = hub();
    let blobs = tempfile::tempdir().unwrap();
    let host = start_host(&hub, Storage::Folder(blobs.path().to_owned())).await;
    deliver(&host, &json!([update("good", "t", &[("/a", json!(204.25))]), bad_event()])).await;

    let records: Vec<Value> =
        hub.events("twins").iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect();
    assert_eq!(records.len(), 1);
    assert_eq!((&records[0]["EventId"], &records[0]["Value"]), (&json!("good#0"), &json!(204.25)));

    let dead_letters: Vec<Value> = serde_json::from_str(&only_file(blobs.path())).unwrap();
    assert_eq!((dead_letters.len(), &dead_letters[0]["id"]), (1, &json!("bad")));
    host.stop().await;
}

/// The whole life of a dead letter: set aside, written by the handler to the host's storage account, read from there by
/// Microsoft's client as an operator would, mended, and replayed.
#[tokio::test]
async fn a_dead_letter_in_a_storage_account_is_mended_and_replayed() {
    let Some(azurite) = Azurite::start(&[]).await else { return };
    let hub = hub();
    let host = start_host(&hub, Storage::Account(azurite.connection_string())).await;
    let bad = bad_event();
    deliver(&host, &json!([bad])).await;
    host.stop().await;
    assert!(hub.events("twins").is_empty());

    let blobs = azurite.read("dead-letter").await;
    let [blob] = &*blobs else { panic!("{blobs:?}") };
    let letters: Vec<Value> = serde_json::from_str(blob).unwrap();
    assert_eq!((letters.len(), &letters[0]["data"]), (1, &bad["data"]));

    let folder = tempfile::tempdir().unwrap();
    let mended = folder.path().join("mended.json");
    std::fs::write(&mended, blob.replace("no pointer", "/a")).unwrap();
    let replay = command().arg("replay").arg(mended).envs(settings(&hub)).output().await.unwrap();
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    let record: Value = serde_json::from_slice(&hub.events("twins")[0].body).unwrap();
    assert_eq!((&record["EventId"], &record["Value"]), (&json!("bad#0"), &json!("kept")));
}

/// An event whose path is no JSON Pointer.
fn bad_event() -> Value {
    let mut bad = update("bad", "t", &[("/a", json!("kept"))]);
    bad["data"]["data"]["patch"][0]["path"] = json!("no pointer");
    bad
}

async fn start_host(hub: &EventHubs, storage: Storage) -> FunctionsHost {
    let dead_letters = match &storage {
        Storage::Folder(folder) => ("DEAD_LETTERS".to_owned(), format!("file://{}", folder.display())),
        Storage::Account(account) => ("AzureWebJobsStorage".to_owned(), account.clone()),
    };
    let mut config = Config::new(env!("CARGO_MANIFEST_DIR"), storage);
    config.handler = Handler::Executable(PathBuf::from(env!("CARGO_BIN_EXE_twin-bridge")));
    config.environment = settings(hub);
    config.environment.push(dead_letters);
    FunctionsHost::start(config).await.unwrap()
}

/// Calls the webhook as Event Grid does.
async fn deliver(host: &FunctionsHost, events: &Value) {
    let answer = reqwest::Client::new()
        .post(host.webhook_url("function"))
        .header("aeg-event-type", "Notification")
        .header("content-type", "application/json; charset=utf-8")
        .body(events.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);
}

/// The only file in a folder, at whatever depth.
fn only_file(folder: &Path) -> String {
    let files = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files: Vec<_> = files.filter(|file| file.file_type().is_file()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read_to_string(files[0].path()).unwrap()
}
