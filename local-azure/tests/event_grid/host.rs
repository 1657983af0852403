//! The stand-in for the Functions host as the endpoint: the handshake, deliveries and failures of the real thing.

use std::fs;

use local_azure::event_grid::{Handshake, Schema, Subscription};
use local_azure::functions_host::{Config, FunctionsHost, Handler, Log, Storage};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Answer, SCHEMAS, Topic, Webhook, event};

/// A host whose function is handled by that webhook, which needs to know nothing of Event Grid.
async fn host(folder: &TempDir, handler: &Webhook) -> FunctionsHost {
    let function =
        r#"{"bindings":[{"type":"eventGridTrigger","name":"events","direction":"in","cardinality":"many"}]}"#;
    fs::create_dir_all(folder.path().join("function")).unwrap();
    fs::write(folder.path().join("host.json"), r#"{"version":"2.0"}"#).unwrap();
    fs::write(folder.path().join("function/function.json"), function).unwrap();
    let config = Config::new(folder.path(), Storage::Folder(folder.path().join("blobs")));
    let handler = Handler::Listening(handler.address);
    FunctionsHost::start(Config { handler, log: Log::new(|_| {}), ..config }).await.unwrap()
}

#[tokio::test]
async fn events_reach_the_handler() {
    for schema in SCHEMAS {
        for max_events_per_batch in [1, 10] {
            let folder = TempDir::new().unwrap();
            let handler = Webhook::start(&[Answer::Status(500), Answer::Status(200)]).await;
            let host = host(&folder, &handler).await;
            let subscription = Subscription::new("to-the-host", host.webhook_url("function"));
            let subscription = Subscription { max_events_per_batch, ..subscription };
            let topic = Topic::start(schema, subscription, |_| {}).await;
            topic.publish(&["a"]).await;
            let end = topic.until(|subscription| subscription.delivered == 1 && subscription.held() == 0).await;
            assert_eq!((end.handshake, end.deliveries, end.failed_attempts), (Handshake::Done, 2, 1));

            let invocations = handler.received();
            assert_eq!(invocations.len(), 2, "the first one failed");
            for invocation in invocations {
                let payload = invocation.json()["Data"]["events"].clone();
                let events: Value =
                    payload.as_str().map_or(payload.clone(), |text| serde_json::from_str(text).unwrap());
                assert_eq!(events, serde_json::json!([event(schema, "a")]));
            }
        }
    }
}

#[tokio::test]
async fn a_function_that_is_not_there_never_agrees() {
    let folder = TempDir::new().unwrap();
    let handler = Webhook::start(&[Answer::Status(200)]).await;
    let host = host(&folder, &handler).await;
    let topic =
        Topic::start(Schema::EventGrid, Subscription::new("to-nobody", host.webhook_url("nobody")), |_| {}).await;
    let asked = |handshake: &Handshake| matches!(handshake, Handshake::Pending { attempts, .. } if *attempts > 2);
    let refused = topic.until(|subscription| asked(&subscription.handshake)).await;
    assert!(format!("{:?}", refused.handshake).contains("404"), "{refused:?}");
}
