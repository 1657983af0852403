//! The Event Hubs trigger: order, retries, checkpoints, and hosts that share a hub.

use std::collections::BTreeSet;
use std::time::Duration;

use local_azure::event_hubs::{Config as HubsConfig, EventHubs, HubConfig};
use local_azure::functions_host::{Error, FunctionsHost, Handler, Progress};
use tokio::time::timeout;

use crate::support::{Answer, App, FakeHandler, Posted, SOON, recording_log, send_events};

const HUB: &str = "adt";

const FUNCTION: &str = "events";

/// Batches of two, and hosts that don't wait long for one another.
const HOST_JSON: &str = r#"{"version":"2.0","extensions":{"eventHubs":{"maxEventBatchSize":2,"minEventBatchSize":2,
    "maxWaitTime":"00:00:01","loadBalancingUpdateInterval":"00:00:00.1",
    "partitionOwnershipExpirationInterval":"00:00:06"}}}"#;

const FOR_EVER: &str = r#","retry":{"strategy":"exponentialBackoff","maxRetryCount":-1,
    "minimumInterval":"00:00:00.01","maximumInterval":"00:00:00.05"}"#;

/// A function that gets texts, without retries.
const TEXTS: &str = r#"{"bindings":[{"type":"eventHubTrigger","direction":"in","name":"events","eventHubName":"adt",
    "connection":"SOURCE","cardinality":"many","dataType":"string"}]}"#;

fn hub(partitions: u32) -> EventHubs {
    EventHubs::start(HubsConfig { hubs: vec![HubConfig::new(HUB, partitions)], ..HubsConfig::default() }).unwrap()
}

/// An app whose function gets texts, with these members at the top of its `function.json`.
fn app(retry: &str) -> App {
    let function_json = format!(
        r#"{{"bindings":[{{"type":"eventHubTrigger","direction":"in","name":"events","eventHubName":"%HUB_NAME%",
            "connection":"SOURCE","cardinality":"many","dataType":"string"}}]{retry}}}"#
    );
    App::with_function(FUNCTION, &function_json, HOST_JSON)
}

async fn host(app: &App, hub: &EventHubs, handler: &FakeHandler) -> FunctionsHost {
    let mut config = app.config(Handler::Listening(handler.address));
    config.environment = settings(hub);
    FunctionsHost::start(config).await.unwrap()
}

fn settings(hub: &EventHubs) -> Vec<(String, String)> {
    // Without the hub, so that the name in the binding counts.
    let connection = hub.connection_string("").replace("EntityPath=;", "");
    vec![("SOURCE".to_owned(), connection), ("HUB_NAME".to_owned(), HUB.to_owned())]
}

async fn send(hub: &EventHubs, partition: &str, bodies: &[&str]) {
    send_events(hub, HUB, partition, bodies).await;
}

/// The events of an invocation.
fn bodies(posted: &Posted) -> Vec<String> {
    let body: serde_json::Value = serde_json::from_str(&posted.body).unwrap();
    serde_json::from_str(body["Data"]["events"].as_str().unwrap()).unwrap()
}

fn retry_count(posted: &Posted) -> u64 {
    let body: serde_json::Value = serde_json::from_str(&posted.body).unwrap();
    body["Metadata"]["RetryContext"]["RetryCount"].as_u64().unwrap()
}

async fn until(host: &FunctionsHost, reached: impl FnMut(&Progress) -> bool) -> Progress {
    let mut progress = host.progress(FUNCTION).unwrap();
    let reached = timeout(SOON, progress.wait_for(reached)).await;
    reached.expect("the listener gets so far").unwrap().clone()
}

fn has_checkpoint(partition: &str, sequence_number: i64) -> impl FnMut(&Progress) -> bool {
    move |progress| progress.checkpoints.get(partition) == Some(&sequence_number)
}

#[tokio::test]
async fn retries_for_ever_keep_the_order_and_lose_nothing() {
    let (hub, app) = (hub(1), app(FOR_EVER));
    send(&hub, "0", &["a", "b", "c", "d"]).await;
    let failures = [Answer::status(500), Answer::status(429), Answer::json("[]")];
    let handler = FakeHandler::answering([&failures[..], &[Answer::json("{}")]].concat()).await;
    let host = host(&app, &hub, &handler).await;
    for retry in 0..4 {
        let posted = handler.next_posted().await;
        assert_eq!((bodies(&posted), retry_count(&posted)), (vec!["a".to_owned(), "b".to_owned()], retry));
    }
    let posted = handler.next_posted().await;
    assert_eq!((bodies(&posted), retry_count(&posted)), (vec!["c".to_owned(), "d".to_owned()], 0));
    until(&host, has_checkpoint("0", 3)).await;
}

#[tokio::test]
async fn a_batch_that_fails_is_lost_without_a_retry_policy() {
    let (hub, app) = (hub(1), app(""));
    send(&hub, "0", &["a", "b"]).await;
    let handler = FakeHandler::answering([Answer::status(500), Answer::json("{}")]).await;
    let host = host(&app, &hub, &handler).await;
    assert_eq!(bodies(&handler.next_posted().await), ["a", "b"]);
    until(&host, has_checkpoint("0", 1)).await;
    send(&hub, "0", &["c"]).await;
    let posted = handler.next_posted().await;
    assert_eq!(bodies(&posted), ["c"]);
    assert!(!posted.body.contains("RetryContext"), "{}", posted.body);
}

#[tokio::test]
async fn two_retries_are_three_tries() {
    let retry = r#","retry":{"strategy":"fixedDelay","maxRetryCount":2,"delayInterval":"00:00:00.01"}"#;
    let (hub, app) = (hub(1), app(retry));
    send(&hub, "0", &["a"]).await;
    let handler = FakeHandler::start(Answer::status(503)).await;
    let host = host(&app, &hub, &handler).await;
    until(&host, has_checkpoint("0", 0)).await;
    let tries: Vec<_> = handler.take_posted().iter().map(retry_count).collect();
    assert_eq!(tries, [0, 1, 2]);
}

#[tokio::test]
async fn a_host_that_starts_again_goes_on_after_the_checkpoint() {
    let (hub, app) = (hub(1), app(FOR_EVER));
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let first = host(&app, &hub, &handler).await;
    send(&hub, "0", &["a", "b"]).await;
    until(&first, has_checkpoint("0", 1)).await;
    first.stop().await;
    handler.take_posted();
    send(&hub, "0", &["c"]).await;

    let second = host(&app, &hub, &handler).await;
    assert_eq!(bodies(&handler.next_posted().await), ["c"]);
    until(&second, has_checkpoint("0", 2)).await;
}

#[tokio::test]
async fn what_was_under_way_when_a_host_died_comes_again() {
    let (hub, app) = (hub(1), app(FOR_EVER));
    send(&hub, "0", &["a", "b"]).await;
    let handler = FakeHandler::start(Answer::never()).await;
    let first = host(&app, &hub, &handler).await;
    assert_eq!(bodies(&handler.next_posted().await), ["a", "b"]);
    drop(first);

    handler.answer(Answer::json("{}"));
    let second = host(&app, &hub, &handler).await;
    assert_eq!(bodies(&handler.next_posted().await), ["a", "b"]);
    until(&second, has_checkpoint("0", 1)).await;
}

#[tokio::test]
async fn what_was_under_way_when_a_host_was_stopped_comes_again() {
    let (hub, app) = (hub(1), app(FOR_EVER));
    send(&hub, "0", &["a", "b"]).await;
    let handler = FakeHandler::start(Answer::status(500)).await;
    let first = host(&app, &hub, &handler).await;
    handler.next_posted().await;
    handler.next_posted().await;
    first.stop().await;
    handler.take_posted();

    handler.answer(Answer::json("{}"));
    let _second = host(&app, &hub, &handler).await;
    let posted = handler.next_posted().await;
    assert_eq!((bodies(&posted), retry_count(&posted)), (vec!["a".to_owned(), "b".to_owned()], 0));
}

#[tokio::test]
async fn reading_goes_on_when_the_hub_is_back() {
    let (hub, app) = (hub(1), app(FOR_EVER));
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let host = host(&app, &hub, &handler).await;
    send(&hub, "0", &["a"]).await;
    until(&host, has_checkpoint("0", 0)).await;
    hub.pause();
    until(&host, |progress| progress.attached.is_empty()).await;
    hub.resume().unwrap();
    send(&hub, "0", &["b"]).await;
    until(&host, has_checkpoint("0", 1)).await;
    let posted: Vec<_> = handler.take_posted().iter().flat_map(bodies).collect();
    assert_eq!(posted, ["a", "b"]);
}

#[tokio::test]
async fn one_body_that_is_no_json_loses_the_batch_where_bodies_are_parsed() {
    let hub = hub(1);
    let function_json = r#"{"bindings":[{"type":"eventHubTrigger","direction":"in","name":"events","eventHubName":"adt",
        "connection":"SOURCE","cardinality":"many"}]}"#;
    let app = App::with_function(FUNCTION, function_json, HOST_JSON);
    send(&hub, "0", &["{}", "no json", r#"{"a":1.10}"#, "{}"]).await;
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let host = host(&app, &hub, &handler).await;
    until(&host, has_checkpoint("0", 3)).await;
    let [posted] = &handler.take_posted()[..] else { panic!("not one invocation") };
    assert!(posted.body.contains(r#""Data":{"events":"[{\"a\":1.1},{}]"}"#), "{}", posted.body);
}

#[tokio::test]
async fn single_events_come_one_after_the_other() {
    let hub = hub(1);
    let function_json = r#"{"bindings":[{"type":"eventHubTrigger","direction":"in","name":"event","eventHubName":"adt",
        "connection":"SOURCE","dataType":"binary"}]}"#;
    let app = App::with_function(FUNCTION, function_json, HOST_JSON);
    send(&hub, "0", &["a", "b", "c"]).await;
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let host = host(&app, &hub, &handler).await;
    until(&host, has_checkpoint("0", 2)).await;
    let posted = handler.take_posted();
    let data = posted.iter().map(|posted| posted.body.split_once(",\"Metadata\"").unwrap().0);
    let expected = [r#"{"Data":{"event":"YQ=="}"#, r#"{"Data":{"event":"Yg=="}"#, r#"{"Data":{"event":"Yw=="}"#];
    assert_eq!(data.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn checkpoints_can_be_rarer_than_batches() {
    let hub = hub(1);
    let host_json = HOST_JSON.replace(r#""maxEventBatchSize""#, r#""batchCheckpointFrequency":2,"maxEventBatchSize""#);
    let app = App::with_function(FUNCTION, TEXTS, &host_json);
    send(&hub, "0", &["a", "b", "c", "d"]).await;
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let host = host(&app, &hub, &handler).await;
    let first = until(&host, |progress| !progress.checkpoints.is_empty()).await;
    assert_eq!(first.checkpoints["0"], 3);
    let announced = |posted: &Posted| posted.body.contains(r#""IsCheckpointingAfterInvocation":true"#);
    assert_eq!(handler.take_posted().iter().map(announced).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn a_hub_can_be_read_from_its_end_on() {
    let hub = hub(1);
    let end = r#""initialOffsetOptions":{"type":"fromEnd"},"maxEventBatchSize""#;
    let app = App::with_function(FUNCTION, TEXTS, &HOST_JSON.replace(r#""maxEventBatchSize""#, end));
    send(&hub, "0", &["a", "b"]).await;
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let host = host(&app, &hub, &handler).await;
    until(&host, |progress| progress.attached.len() == 1).await;
    send(&hub, "0", &["c", "d"]).await;
    assert_eq!(bodies(&handler.next_posted().await), ["c", "d"]);
}

#[tokio::test]
async fn hosts_share_the_partitions_and_take_over_from_one_that_died() {
    let (hub, app) = (hub(4), app(FOR_EVER));
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let (log, lines) = recording_log();
    let mut config = app.config(Handler::Listening(handler.address));
    (config.environment, config.log) = (settings(&hub), log);
    let first = FunctionsHost::start(config).await.unwrap();
    until(&first, |progress| progress.attached.len() == 4).await;
    let second = host(&app, &hub, &handler).await;
    let theirs = until(&second, |progress| progress.attached.len() == 2).await.attached;
    let ours = until(&first, |progress| progress.attached.len() == 2).await.attached;
    let all: BTreeSet<_> = ["0", "1", "2", "3"].map(str::to_owned).into();
    assert_eq!(&ours | &theirs, all);

    for partition in &all {
        send(&hub, partition, &[partition]).await;
    }
    for (host, partitions) in [(&first, &ours), (&second, &theirs)] {
        let done =
            |progress: &Progress| progress.checkpoints.keys().collect::<BTreeSet<_>>() == partitions.iter().collect();
        until(host, done).await;
    }

    // That its partitions were taken is no failure, or it would take them back.
    assert_eq!(*lines.lock().unwrap(), []);
    drop(first);
    until(&second, |progress| progress.attached.len() == 4).await;
}

#[tokio::test]
async fn a_host_that_stops_gives_its_partitions_away() {
    let hub = hub(1);
    // So long that the test would fail if it had to be waited for.
    let host_json = HOST_JSON.replace(r#""00:00:06""#, r#""00:10:00""#);
    let function_json = r#"{"bindings":[{"type":"eventHubTrigger","direction":"in","name":"events","eventHubName":"adt",
        "connection":"SOURCE","cardinality":"many"}]}"#;
    let app = App::with_function(FUNCTION, function_json, &host_json);
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let first = host(&app, &hub, &handler).await;
    until(&first, |progress| progress.attached.len() == 1).await;
    first.stop().await;
    let second = host(&app, &hub, &handler).await;
    until(&second, |progress| progress.attached.len() == 1).await;
}

#[tokio::test]
async fn a_function_that_lacks_a_setting_keeps_the_host_from_starting_unless_it_is_disabled() {
    let (hub, app) = (hub(1), app(""));
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let all = settings(&hub);
    let plain = vec![("SOURCE".to_owned(), "Endpoint=sb://adt.servicebus.windows.net".to_owned()), all[1].clone()];
    let cases = [
        (vec![all[0].clone()], "'%HUB_NAME%' does not resolve to a value."),
        (vec![all[1].clone()], "EventHub account connection string with name 'SOURCE' does not exist in the settings."),
        (plain, "SOURCE has no UseDevelopmentEmulator=true"),
    ];
    for (environment, problem) in cases {
        let mut config = app.config(Handler::Listening(handler.address));
        config.environment = environment;
        let error = FunctionsHost::start(config.clone()).await.unwrap_err();
        assert!(matches!(error, Error::Listener(_)), "{error}");
        let text = error.to_string();
        assert!(text.starts_with("The listener for function 'Functions.events' was unable to start."), "{text}");
        assert!(text.contains(problem), "{text}");

        config.environment.push(("AzureWebJobs.events.Disabled".to_owned(), "true".to_owned()));
        let host = FunctionsHost::start(config).await.unwrap();
        assert!(host.progress(FUNCTION).is_none());
    }
}

#[tokio::test]
async fn a_hub_that_is_not_there_is_looked_for_again() {
    let (hub, app) = (hub(1), app(""));
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let (log, lines) = recording_log();
    let mut config = app.config(Handler::Listening(handler.address));
    config.environment = settings(&hub);
    config.log = log;
    hub.pause();
    let host = FunctionsHost::start(config).await.unwrap();
    // Nothing tells that it has been tried in vain but the log.
    while lines.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let line = lines.lock().unwrap()[0].message.clone();
    assert!(
        line.starts_with("Event Hubs trigger of 'events': the partitions are not known: can't connect to"),
        "{line}"
    );
    hub.resume().unwrap();
    until(&host, |progress| progress.attached.len() == 1).await;
}
