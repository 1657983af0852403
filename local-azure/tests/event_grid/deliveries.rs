//! What a delivery looks like, and how many there are at a time.

use local_azure::event_grid::{Schema, Subscription};
use serde_json::json;

use crate::support::{Answer, Received, SCHEMAS, Topic, Webhook, event, subscription};

#[tokio::test]
async fn one_event_in_event_grids_schema_is_an_array_of_one() {
    let webhook = Webhook::start(&[Answer::Status(202)]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |_| {}).await;
    topic.publish(&["a", "b"]).await;
    topic.until(|subscription| subscription.delivered == 2).await;

    let mut deliveries = webhook.received();
    deliveries.sort_by_key(Received::ids);
    for (delivery, id) in deliveries.iter().zip(["a", "b"]) {
        assert_eq!(delivery.json(), json!([event(Schema::EventGrid, id)]));
        for (name, value) in [
            ("content-type", "application/json; charset=utf-8"),
            ("aeg-event-type", "Notification"),
            ("aeg-subscription-name", "TO-THE-HOOK"),
            ("aeg-delivery-count", "0"),
            ("aeg-data-version", "1.0"),
            ("aeg-metadata-version", "1"),
        ] {
            assert_eq!(delivery.header(name), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn one_cloud_event_stands_alone() {
    let webhook = Webhook::start(&[Answer::Status(204)]).await;
    let topic = Topic::start(Schema::CloudEvents, subscription(&webhook), |_| {}).await;
    topic.publish(&["a"]).await;
    topic.until(|subscription| subscription.delivered == 1).await;

    let [delivery] = webhook.received().try_into().unwrap();
    assert_eq!(delivery.json(), event(Schema::CloudEvents, "a"));
    assert_eq!(delivery.header("content-type"), Some("application/cloudevents+json; charset=utf-8"));
    assert_eq!(delivery.header("aeg-metadata-version"), Some("1.0"));
    assert_eq!(delivery.header("aeg-data-version"), None);
}

/// Publishes one event, and when it is in delivery six more; gives the ids of each delivery after it.
async fn batches(schema: Schema, adjust: impl FnOnce(&mut Subscription)) -> Vec<Vec<String>> {
    let webhook = Webhook::start(&[Answer::Hold]).await;
    let mut subscription = subscription(&webhook);
    adjust(&mut subscription);
    let topic = Topic::start(schema, subscription, |config| config.limits.parallel_deliveries = 1).await;
    topic.publish(&["first"]).await;
    let alone = webhook.deliveries(1).await;
    assert_eq!(alone[0].ids(), ["first"], "nothing is waited for");
    topic.publish(&["1", "2", "3", "4", "5", "6"]).await;
    topic.until(|subscription| subscription.queued == 6).await;
    webhook.release(7);
    topic.until(|subscription| subscription.delivered == 7).await;
    let content_type = match schema {
        Schema::EventGrid => "application/json; charset=utf-8",
        Schema::CloudEvents => "application/cloudevents-batch+json; charset=utf-8",
    };
    assert!(webhook.received().iter().all(|delivery| delivery.json().is_array()));
    assert!(webhook.received().iter().all(|delivery| delivery.header("content-type") == Some(content_type)));
    webhook.received()[1..].iter().map(Received::ids).collect()
}

#[tokio::test]
async fn what_has_come_meanwhile_is_a_batch() {
    for schema in SCHEMAS {
        let all = batches(schema, |subscription| subscription.max_events_per_batch = 64).await;
        assert_eq!(all, [["1", "2", "3", "4", "5", "6"]]);
        let some = batches(schema, |subscription| subscription.max_events_per_batch = 4).await;
        assert_eq!(some, [vec!["1", "2", "3", "4"], vec!["5", "6"]]);
    }
}

#[tokio::test]
async fn a_batch_is_no_larger_than_preferred() {
    let size = event(Schema::EventGrid, "1").to_string().len();
    assert!((1024 / 4..1024 / 3 - 1).contains(&size), "three of {size} bytes fit into 1 KB, four don't");
    let batches = batches(Schema::EventGrid, |subscription| {
        subscription.max_events_per_batch = 64;
        subscription.preferred_batch_size_kb = 1;
    });
    assert_eq!(batches.await, [["1", "2", "3"], ["4", "5", "6"]]);
}

#[tokio::test]
async fn an_event_larger_than_preferred_goes_alone() {
    let webhook = Webhook::start(&[Answer::Hold]).await;
    let mut subscription = subscription(&webhook);
    subscription.max_events_per_batch = 64;
    subscription.preferred_batch_size_kb = 1;
    let topic = Topic::start(Schema::CloudEvents, subscription, |config| config.limits.parallel_deliveries = 1).await;
    topic.publish(&["first"]).await;
    webhook.deliveries(1).await;
    let mut large = event(Schema::CloudEvents, "large");
    large["data"]["text"] = "x".repeat(2000).into();
    topic.publish(&["small"]).await;
    topic.events.send(large).await.unwrap();
    topic.publish(&["last"]).await;
    topic.until(|subscription| subscription.queued == 3).await;
    webhook.release(4);
    topic.until(|subscription| subscription.delivered == 4).await;
    let ids: Vec<_> = webhook.received().iter().map(Received::ids).collect();
    assert_eq!(ids, [["first"], ["small"], ["large"], ["last"]]);
}

#[tokio::test]
async fn so_many_deliveries_run_at_a_time_and_no_more() {
    let webhook = Webhook::start(&[Answer::Hold]).await;
    let adjust = |config: &mut local_azure::event_grid::Config| config.limits.parallel_deliveries = 3;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), adjust).await;
    topic.publish(&["1", "2", "3", "4", "5", "6", "7"]).await;
    webhook.deliveries(3).await;
    let busy = topic.until(|subscription| subscription.in_delivery == 3 && subscription.queued == 4).await;
    assert_eq!((busy.deliveries, busy.delivered, busy.held()), (0, 0, 7));
    assert_eq!(webhook.received().len(), 3);

    webhook.release(1);
    webhook.deliveries(4).await;
    topic.until(|subscription| subscription.delivered == 1 && subscription.queued == 3).await;
    assert_eq!(webhook.received().len(), 4, "one has ended, so one has begun");
    webhook.release(6);
    topic.until(|subscription| subscription.delivered == 7 && subscription.held() == 0).await;
}

#[tokio::test]
async fn every_subscription_gets_the_types_that_it_wants() {
    let (all, some) = (Webhook::start(&[Answer::Status(200)]).await, Webhook::start(&[Answer::Status(200)]).await);
    let topic = Topic::start(Schema::EventGrid, subscription(&all), |config| {
        let mut only = Subscription::new("only-created", some.url());
        only.included_event_types = Some(vec!["microsoft.digitaltwins.twin.create".to_owned()]);
        config.subscriptions.push(only);
    })
    .await;
    let mut created = event(Schema::EventGrid, "created");
    created["eventType"] = "Microsoft.DigitalTwins.Twin.Create".into();
    topic.events.send(created).await.unwrap();
    topic.publish(&["updated"]).await;
    topic.until(|subscription| subscription.delivered == 2).await;
    assert_eq!(some.deliveries(1).await[0].ids(), ["created"]);
    let snapshot = topic.grid.snapshot();
    assert_eq!((snapshot.published, snapshot.subscriptions[1].held()), (2, 0));
}
