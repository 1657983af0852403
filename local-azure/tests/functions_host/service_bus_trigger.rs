//! The Service Bus trigger: what becomes of messages when the function succeeds or fails.

use std::time::Duration;

use fe2o3_amqp_types::messaging::{Batch, Body, Data, Message, Outcome};
use local_azure::functions_host::{FunctionsHost, Handler, Level, Progress};
use local_azure::publisher::{self, Publisher};
use local_azure::service_bus::{Config as BusConfig, ServiceBus, SubscriptionConfig, TopicConfig};
use tokio::time::timeout;

use crate::namespace::Namespace;
use crate::support::{Answer, App, FakeHandler, Posted, SOON, recording_log};

const TOPIC: &str = "adt";

const SUBSCRIPTION: &str = "bridge";

const FUNCTION: &str = "messages";

/// Batches of two.
const HOST_JSON: &str = r#"{"version":"2.0","extensions":{"serviceBus":{"maxMessageBatchSize":2,
    "minMessageBatchSize":2,"maxBatchWaitTime":"00:00:01","maxConcurrentCalls":2}}}"#;

fn bus(max_delivery_count: u32) -> ServiceBus {
    let subscription = SubscriptionConfig { max_delivery_count, ..SubscriptionConfig::new(SUBSCRIPTION) };
    let topic = TopicConfig { name: TOPIC.to_owned(), subscriptions: vec![subscription] };
    ServiceBus::start(BusConfig { topics: vec![topic], ..BusConfig::default() }).unwrap()
}

/// An app whose function gets texts, with these members of its binding.
fn app(members: &str) -> App {
    let function_json = format!(
        r#"{{"bindings":[{{"type":"serviceBusTrigger","direction":"in","name":"messages","topicName":"%TOPIC%",
            "subscriptionName":"bridge","connection":"SOURCE","dataType":"string"{members}}}]}}"#
    );
    App::with_function(FUNCTION, &function_json, HOST_JSON)
}

const MANY: &str = r#","cardinality":"many""#;

async fn host(app: &App, connection: String, handler: &FakeHandler) -> FunctionsHost {
    let mut config = app.config(Handler::Listening(handler.address));
    config.environment = vec![("SOURCE".to_owned(), connection), ("TOPIC".to_owned(), TOPIC.to_owned())];
    FunctionsHost::start(config).await.unwrap()
}

/// Sends messages with these bodies to the topic.
async fn send(bus: &ServiceBus, bodies: &[&str]) {
    let mut publisher = Publisher::open(&bus.connection_string(TOPIC)).await.unwrap();
    for body in bodies {
        publisher.publish(&publisher::Message { body: body.as_bytes().to_vec(), ..Default::default() }).await.unwrap();
    }
}

/// The messages of an invocation, and how often they have been delivered.
fn bodies(posted: &Posted) -> (Vec<String>, Vec<u32>) {
    let body: serde_json::Value = serde_json::from_str(&posted.body).unwrap();
    let array = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let counts = array(&body["Metadata"]["DeliveryCountArray"]);
    (serde_json::from_str(&array(&body["Data"]["messages"])).unwrap(), serde_json::from_str(&counts).unwrap())
}

async fn until(host: &FunctionsHost, reached: impl FnMut(&Progress) -> bool) {
    let mut progress = host.progress(FUNCTION).unwrap();
    let reached = timeout(SOON, progress.wait_for(reached)).await;
    reached.expect("the listener gets so far").unwrap();
}

#[tokio::test]
async fn a_success_completes_all() {
    let (bus, app) = (bus(10), app(MANY));
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let host = host(&app, bus.connection_string(TOPIC), &handler).await;
    until(&host, |progress| progress.attached.contains("adt/Subscriptions/bridge")).await;
    send(&bus, &["a", "b", "c"]).await;
    assert_eq!(bodies(&handler.next_posted().await), (vec!["a".to_owned(), "b".to_owned()], vec![1, 1]));
    assert_eq!(bodies(&handler.next_posted().await), (vec!["c".to_owned()], vec![1]));
    assert!(bus.wait_until(SOON, |bus| bus.messages(TOPIC, SUBSCRIPTION).is_empty()).await);
    assert!(bus.dead_letters(TOPIC, SUBSCRIPTION).is_empty());
}

#[tokio::test]
async fn a_failure_brings_all_again_at_once() {
    let (bus, app) = (bus(10), app(MANY));
    send(&bus, &["a", "b"]).await;
    let handler = FakeHandler::answering([Answer::status(500), Answer::json("null"), Answer::json("{}")]).await;
    let mut config = app.config(Handler::Listening(handler.address));
    config.environment =
        vec![("SOURCE".to_owned(), bus.connection_string(TOPIC)), ("TOPIC".to_owned(), TOPIC.to_owned())];
    config.timeouts.function = Some(Duration::from_millis(100));
    let _host = FunctionsHost::start(config).await.unwrap();
    for count in 1..=3 {
        let again = (vec!["a".to_owned(), "b".to_owned()], vec![count, count]);
        assert_eq!(bodies(&handler.next_posted().await), again);
    }
    assert!(bus.wait_until(SOON, |bus| bus.messages(TOPIC, SUBSCRIPTION).is_empty()).await);
}

#[tokio::test]
async fn what_fails_too_often_is_dead_lettered() {
    let (bus, app) = (bus(3), app(MANY));
    send(&bus, &["a", "b"]).await;
    let handler = FakeHandler::start(Answer::status(400)).await;
    let _host = host(&app, bus.connection_string(TOPIC), &handler).await;
    assert!(bus.wait_until(SOON, |bus| bus.dead_letters(TOPIC, SUBSCRIPTION).len() == 2).await);
    assert!(bus.messages(TOPIC, SUBSCRIPTION).is_empty());
    let counts: Vec<_> = handler.take_posted().iter().map(|posted| bodies(posted).1).collect();
    assert_eq!(counts, [[1, 1], [2, 2], [3, 3]]);
}

#[tokio::test]
async fn what_was_under_way_when_the_service_went_away_comes_again() {
    let (bus, app) = (bus(10), app(MANY));
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let host = host(&app, bus.connection_string(TOPIC), &handler).await;
    until(&host, |progress| !progress.attached.is_empty()).await;
    bus.pause();
    until(&host, |progress| progress.attached.is_empty()).await;
    bus.resume().unwrap();
    send(&bus, &["a"]).await;
    assert_eq!(bodies(&handler.next_posted().await).0, ["a"]);
}

#[tokio::test]
async fn single_messages_come_at_the_same_time_and_each_has_its_own_end() {
    let (bus, app) = (bus(2), app(""));
    send(&bus, &["a", "b"]).await;
    let handler = FakeHandler::start(Answer::never()).await;
    let mut config = app.config(Handler::Listening(handler.address));
    config.environment =
        vec![("SOURCE".to_owned(), bus.connection_string(TOPIC)), ("TOPIC".to_owned(), TOPIC.to_owned())];
    config.timeouts.function = Some(Duration::from_millis(500));
    let _host = FunctionsHost::start(config).await.unwrap();
    // Neither has an answer.
    handler.next_posted().await;
    handler.next_posted().await;
    handler.answer(Answer::json("{}"));
    assert!(bus.wait_until(SOON, |bus| bus.messages(TOPIC, SUBSCRIPTION).is_empty()).await);
    let mut again: Vec<_> = handler.take_posted().into_iter().map(|posted| posted.body).collect();
    again.sort();
    for (body, expected) in again.iter().zip(["a", "b"]) {
        assert!(body.starts_with(&format!(r#"{{"Data":{{"messages":"\"{expected}\""}}"#)), "{body}");
        assert!(body.contains(r#""DeliveryCount":"2""#), "{body}");
    }
    assert_eq!(again.len(), 2);
}

/// How the messages of a batch of two were settled.
async fn outcomes(answer: Answer) -> [Outcome; 2] {
    let message =
        |body: &str| Message::builder().body(Body::Data(Batch::new(vec![Data::from(body.as_bytes())]))).build();
    let mut namespace = Namespace::with(vec![message("a"), message("b")]).await;
    let handler = FakeHandler::start(answer).await;
    let host = host(&app(MANY), namespace.connection_string(), &handler).await;
    handler.next_posted().await;
    // It settles what is under way before it ends.
    host.stop().await;
    [namespace.outcome().await, namespace.outcome().await]
}

#[tokio::test]
async fn messages_are_accepted_or_modified() {
    let accepted = outcomes(Answer::json("{}")).await;
    assert!(accepted.iter().all(Outcome::is_accepted), "{accepted:?}");
    for answer in [Answer::status(500), Answer::json("[]")] {
        for outcome in outcomes(answer).await {
            let Outcome::Modified(modified) = outcome else { panic!("{outcome:?}") };
            assert_eq!((modified.delivery_failed, modified.undeliverable_here), (Some(true), None));
        }
    }
}

#[tokio::test]
async fn nothing_is_completed_where_that_is_not_wanted() {
    let (bus, app) = (bus(10), app(r#","cardinality":"many","autoComplete":false"#));
    send(&bus, &["a", "b"]).await;
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let host = host(&app, bus.connection_string(TOPIC), &handler).await;
    handler.next_posted().await;
    host.stop().await;
    let left: Vec<_> = bus.messages(TOPIC, SUBSCRIPTION).iter().map(|message| message.delivery_count).collect();
    assert_eq!(left, [0, 0]);
}

#[tokio::test]
async fn a_function_that_lacks_a_setting_is_left_out_and_logged() {
    let app = app(MANY);
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let topic = ("TOPIC".to_owned(), TOPIC.to_owned());
    let disabled = ("AzureWebJobs.messages.Disabled".to_owned(), "true".to_owned());
    let indexing = "The 'messages' function is in error: Microsoft.Azure.WebJobs.Host: Error indexing method \
                    'Functions.messages'. Microsoft.Azure.WebJobs.Host: '%TOPIC%' does not resolve to a value.";
    let connection = "The listener for function 'Functions.messages' was unable to start. Service Bus account connection \
                      string with name 'SOURCE' does not exist in the settings. Make sure that it is a defined App Setting.";
    let cases = [
        (vec![], vec![indexing]),
        (vec![disabled.clone()], vec![indexing]),
        (vec![topic.clone()], vec![connection]),
        (vec![topic, disabled], vec![]),
    ];
    for (environment, expected) in cases {
        let (log, lines) = recording_log();
        let mut config = app.config(Handler::Listening(handler.address));
        (config.environment, config.log) = (environment, log);
        let host = FunctionsHost::start(config).await.unwrap();
        assert!(host.progress(FUNCTION).is_none());
        let lines = lines.lock().unwrap();
        assert!(lines.iter().all(|line| line.level == Level::Error));
        assert_eq!(lines.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(), expected);
    }
}
