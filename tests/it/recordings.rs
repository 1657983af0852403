//! What a real Functions host posted, given to the handler as it was posted, and what others believe that it posts.

use std::fs;

use serde_json::Value;

use crate::{
    handler::{Handler, hub},
    repository::files,
};

#[tokio::test]
async fn every_recorded_invocation_is_taken() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let (mut count, mut set_aside) = (0, 0);
    for path in files("tests/fixtures/recordings", "json") {
        let recording: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        // Recordings of objects that are no events at all; the host wraps them into an array and hands them over.
        let no_event = ["empty-object", "object-not-array"].iter().any(|name| path.to_string_lossy().contains(name));
        for posted in recording["posted"].as_array().into_iter().flatten() {
            handler.post(posted["body"].as_str().unwrap()).await.assert_delivered();
            let now_set_aside = handler.status().await["sinceStart"]["setAside"].as_u64().unwrap();
            assert_eq!(now_set_aside - set_aside, u64::from(no_event), "{}", path.display());
            set_aside = now_set_aside;
            count += 1;
        }
    }
    assert_eq!(count, 45);
}

#[tokio::test]
async fn every_fixture_is_recorded() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    for folder in ["notifications", "invocations", "dead-letters"] {
        for path in files(&format!("tests/fixtures/{folder}"), "json") {
            let text = fs::read_to_string(&path).unwrap();
            let body = if folder == "invocations" { text } else { format!(r#"{{"Data":{{"events":{text}}}}}"#) };
            let answer = handler.post(body).await;
            answer.assert_delivered();
            assert!(handler.dead_letters().is_empty(), "{}: {answer:?}", path.display());
        }
    }
    assert!(!hub.events("twins").is_empty());
}
