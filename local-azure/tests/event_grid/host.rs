//! The stand-in for the Functions host as the endpoint: the handshake, deliveries and failures of the real thing, by its
//! Event Grid extension and by an HTTP trigger.

use std::fs;

use local_azure::event_grid::{Endpoint, Handshake, Schema, Subscription};
use local_azure::functions_host::{Config, FunctionsHost, Handler, Log, Storage};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Answer, SCHEMAS, Topic, Webhook, event};

/// A host whose functions are handled by that webhook. Its `function` needs to know nothing of Event Grid.
async fn host(folder: &TempDir, handler: &Webhook) -> FunctionsHost {
    let function =
        r#"{"bindings":[{"type":"eventGridTrigger","name":"events","direction":"in","cardinality":"many"}]}"#;
    let webhook = r#"{"bindings":[{"type":"httpTrigger","name":"request","direction":"in","route":"events"},
        {"type":"http","name":"$return","direction":"out"}]}"#;
    let host_json = r#"{"version":"2.0","customHandler":{"enableForwardingHttpRequest":true}}"#;
    fs::write(folder.path().join("host.json"), host_json).unwrap();
    for (name, function) in [("function", function), ("webhook", webhook)] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("function.json"), function).unwrap();
    }
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
async fn events_reach_a_handler_that_is_the_webhook() {
    for schema in SCHEMAS {
        for max_events_per_batch in [1, 10] {
            let folder = TempDir::new().unwrap();
            let handler = Webhook::start(&[Answer::Status(503), Answer::Status(200)]).await;
            let host = host(&folder, &handler).await;
            let subscription = Subscription {
                max_events_per_batch,
                ..Subscription::to("to-the-hook", Endpoint::WebHook(host.function_url("webhook").unwrap()))
            };
            let topic = Topic::start(schema, subscription, |_| {}).await;
            topic.publish(&["a"]).await;
            let end = topic.until(|subscription| subscription.delivered == 1 && subscription.held() == 0).await;
            assert_eq!((end.handshake, end.deliveries, end.failed_attempts), (Handshake::Done, 2, 1));
            assert_eq!(handler.handshakes().len(), 1);

            let content_type = match (schema, max_events_per_batch) {
                (Schema::EventGrid, _) => "application/json; charset=utf-8",
                (Schema::CloudEvents, 1) => "application/cloudevents+json; charset=utf-8",
                (Schema::CloudEvents, _) => "application/cloudevents-batch+json; charset=utf-8",
            };
            for (count, delivery) in ["0", "1"].iter().zip(handler.received()) {
                assert_eq!(delivery.ids(), ["a"]);
                for (name, value) in [
                    ("content-type", content_type),
                    ("aeg-event-type", "Notification"),
                    ("aeg-subscription-name", "TO-THE-HOOK"),
                    ("aeg-delivery-count", count),
                    ("user-agent", "Azure-Functions-Host/4.1037.0.0"),
                ] {
                    assert_eq!(delivery.header(name), Some(value), "{name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_key_gets_no_agreement() {
    let folder = TempDir::new().unwrap();
    let handler = Webhook::start(&[Answer::Status(200)]).await;
    let host = host(&folder, &handler).await;
    let url = host.function_url("webhook").unwrap();
    let endpoint = Endpoint::WebHook(url.split_once('?').unwrap().0.to_owned() + "?code=of-yesterday");
    let topic = Topic::start(Schema::CloudEvents, Subscription::to("to-the-hook", endpoint), |_| {}).await;
    let asked = |handshake: &Handshake| matches!(handshake, Handshake::Pending { attempts, .. } if *attempts > 1);
    let refused = topic.until(|subscription| asked(&subscription.handshake)).await;
    assert!(format!("{:?}", refused.handshake).contains("/api/events answered OPTIONS with 401"), "{refused:?}");
    assert!(!format!("{refused:?}").contains("of-yesterday"));
    assert!(handler.handshakes().is_empty());
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
