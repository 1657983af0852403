//! What a real Functions host posted, given to the handler as it was posted.

use std::{fs, path::Path};

use serde_json::Value;

use crate::handler::{Handler, hub};

/// Recordings that are not part of this repository; the founders keep them beside it.
const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures/recorded");

/// Our own share of them.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/invocations");

#[tokio::test]
async fn every_recorded_invocation_is_taken() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    assert!(replay(&handler, Path::new(OWN)).await > 0);
    if Path::new(RECORDINGS).is_dir() {
        assert!(replay(&handler, Path::new(RECORDINGS)).await > 0);
    }
}

/// Notifications and dead letters that are not part of this repository either.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures");

#[tokio::test]
async fn every_fixture_is_recorded() {
    if !Path::new(FIXTURES).is_dir() {
        return;
    }
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    for file in fs::read_dir(FIXTURES).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_invocation = name.starts_with("customhandler-invocation");
        let is_event = name.ends_with(".eventgrid.json") || name.ends_with(".cloudevents.json");
        if !is_invocation && (!is_event || name.starts_with("webhook")) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let body = if is_invocation { text } else { format!(r#"{{"Data":{{"events":{text}}}}}"#) };
        let answer = handler.post(body).await;
        answer.assert_delivered();
        assert!(answer.dead_letters().is_empty(), "{name}: {answer:?}");
    }
    assert!(!hub.events("twins").is_empty());
}

/// Posts every body of every recording in a folder, and answers how many there were.
async fn replay(handler: &Handler, folder: &Path) -> usize {
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let recording: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        // Recordings of objects that are no events at all; the host wraps them into an array and hands them over.
        let no_event = ["empty-object", "object-not-array"].iter().any(|name| path.to_string_lossy().contains(name));
        for posted in recording["posted"].as_array().into_iter().flatten() {
            let answer = handler.post(posted["body"].as_str().unwrap()).await;
            answer.assert_delivered();
            assert_eq!(answer.dead_letters().len(), usize::from(no_event), "{}: {answer:?}", path.display());
            count += 1;
        }
    }
    count
}
