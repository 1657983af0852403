//! How much a topic holds, what it can't be started with, and how it stops.

use std::time::Duration;

use local_azure::event_grid::{Config, Endpoint, Error, EventGrid, Schema, Subscription};
use local_azure::functions_host::Storage;
use tokio::sync::mpsc;

use crate::support::{Answer, SOON, Topic, Webhook, event, subscription};

#[tokio::test]
async fn a_full_topic_takes_no_more_until_there_is_room() {
    let webhook = Webhook::start(&[Answer::Hold]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |config| {
        config.limits.waiting = 5;
        config.limits.parallel_deliveries = 2;
    })
    .await;
    // Five in the subscription, one on its way there, two in the channel.
    topic.publish(&["1", "2", "3", "4", "5", "6", "7", "8"]).await;
    topic.until(|subscription| subscription.held() == 5).await;
    assert!(topic.events.try_send(event(Schema::EventGrid, "9")).is_err());
    assert_eq!(topic.grid.snapshot().published, 5);

    webhook.release(1);
    tokio::time::timeout(SOON, topic.publish(&["9"])).await.unwrap();
    webhook.release(8);
    topic.until(|subscription| subscription.delivered == 9 && subscription.held() == 0).await;
}

#[tokio::test]
async fn what_waits_for_another_attempt_takes_room_too() {
    let webhook = Webhook::start(&[Answer::Status(500)]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |config| {
        config.limits.waiting = 3;
        config.time_scale = 1.0;
    })
    .await;
    topic.publish(&["1", "2", "3", "4"]).await;
    let full = topic.until(|subscription| subscription.waiting_for_retry == 3).await;
    assert_eq!((full.held(), topic.grid.snapshot().published), (3, 3));
}

#[tokio::test]
async fn a_stop_waits_for_what_is_in_delivery_and_tells_what_is_left() {
    let webhook = Webhook::start(&[Answer::Hold]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |config| {
        config.limits.waiting = 3;
        config.limits.parallel_deliveries = 1;
        config.limits.stop = SOON;
    })
    .await;
    // One in delivery, two queued, one that waits for room, two in the channel.
    topic.publish(&["1", "2", "3", "4", "5", "6"]).await;
    webhook.deliveries(1).await;
    topic.until(|subscription| subscription.held() == 3).await;
    let Topic { grid, events, .. } = topic;
    let stopping = tokio::spawn(grid.stop());
    tokio::time::timeout(SOON, events.closed()).await.expect("the topic takes no more");
    webhook.release(6);
    assert_eq!(stopping.await.unwrap(), 5);
    assert_eq!(webhook.received().len(), 1, "no delivery is begun any more");
}

#[tokio::test]
async fn a_delivery_that_does_not_end_in_time_is_left() {
    let webhook = Webhook::start(&[Answer::Hold]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |config| {
        config.limits.stop = Duration::from_millis(50);
    })
    .await;
    topic.publish(&["1", "2"]).await;
    webhook.deliveries(2).await;
    assert_eq!(topic.grid.stop().await, 2);
}

#[tokio::test]
async fn a_topic_with_nothing_to_do_stops_at_once() {
    let webhook = Webhook::start(&[Answer::Status(200)]).await;
    let topic = Topic::start(Schema::CloudEvents, subscription(&webhook), crate::publishing::listen).await;
    topic.publish(&["1"]).await;
    topic.until(|subscription| subscription.delivered == 1 && subscription.held() == 0).await;
    let endpoint = topic.grid.endpoint().unwrap();
    assert_eq!(tokio::time::timeout(SOON, topic.grid.stop()).await.unwrap(), 0);
    assert!(reqwest::Client::builder().no_proxy().build().unwrap().post(endpoint).send().await.is_err());
}

async fn refused(adjust: impl FnOnce(&mut Config)) -> Error {
    let (_events, receiver) = mpsc::channel(1);
    let mut config = Config::new(Schema::EventGrid, receiver);
    config.subscriptions.push(Subscription::new("the-name", "http://127.0.0.1:1/hook"));
    adjust(&mut config);
    EventGrid::start(config).await.unwrap_err()
}

#[tokio::test]
async fn what_azure_would_not_take_is_refused() {
    type Spoil = fn(&mut Subscription);
    let problems: [(&str, Spoil); 7] = [
        ("its name", |it| it.name = "x y".to_owned()),
        ("its endpoint", |it| it.endpoint = Endpoint::WebHook("https://example.com".to_owned())),
        ("max_events_per_batch", |it| it.max_events_per_batch = 5001),
        ("preferred_batch_size_kb", |it| it.preferred_batch_size_kb = 0),
        ("max_delivery_attempts", |it| it.max_delivery_attempts = 31),
        ("time_to_live", |it| it.time_to_live = Duration::from_secs(59)),
        ("connection string", |it| {
            let storage = Storage::Account("AccountName=real".to_owned());
            it.dead_letters = Some(local_azure::event_grid::DeadLetters { storage, container: "c".to_owned() });
        }),
    ];
    for (problem, spoil) in problems {
        let error = refused(|config| spoil(&mut config.subscriptions[0])).await.to_string();
        assert!(error.contains(problem), "{error}");
    }
    let twice = refused(|config| {
        config.subscriptions.push(Subscription::new("The-Name", "http://127.0.0.1:1/other"));
    });
    assert!(twice.await.to_string().contains("must differ"));
    assert!(matches!(refused(|config| config.time_scale = 0.0).await, Error::TimeScale(_)));

    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().map(|address| (address, taken)).unwrap();
    assert!(matches!(refused(|config| config.listen = Some(taken.0)).await, Error::Listen { .. }));
}
