//! What becomes of events that an endpoint did not take.

use std::time::{Duration, Instant};

use local_azure::event_grid::Schema;

use crate::support::{Answer, Received, SCHEMAS, Topic, Webhook, subscription};

/// The times between the deliveries.
fn gaps(deliveries: &[Received]) -> Vec<Duration> {
    deliveries.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
}

fn counts(deliveries: &[Received]) -> Vec<Option<&str>> {
    deliveries.iter().map(|delivery| delivery.header("aeg-delivery-count")).collect()
}

#[tokio::test]
async fn a_failed_event_is_tried_again_later_and_later() {
    for schema in SCHEMAS {
        let webhook = Webhook::start(&[500, 500, 500, 200].map(Answer::Status)).await;
        let topic = Topic::start(schema, subscription(&webhook), |config| config.time_scale = 0.001).await;
        topic.publish(&["a"]).await;
        let end = topic.until(|subscription| subscription.delivered == 1 && subscription.held() == 0).await;
        assert_eq!((end.deliveries, end.failed_attempts, end.dead_lettered, end.dropped), (4, 3, 0, 0));
        assert!(end.last_problem.unwrap().contains("answered 500"));

        let deliveries = webhook.received();
        assert!(deliveries.iter().all(|delivery| delivery.body == deliveries[0].body));
        assert_eq!(counts(&deliveries), [Some("0"), Some("1"), Some("2"), Some("3")]);
        // Ten seconds, thirty, sixty.
        let gaps = gaps(&deliveries);
        assert!(gaps.iter().zip([10, 30, 60]).all(|(gap, least)| *gap >= Duration::from_millis(least)), "{gaps:?}");
    }
}

#[tokio::test]
async fn some_answers_make_it_wait_longer() {
    for (status, least) in [(404, 300), (408, 120), (503, 30)] {
        let webhook = Webhook::start(&[status, 200].map(Answer::Status)).await;
        let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |config| config.time_scale = 0.001).await;
        topic.publish(&["a"]).await;
        topic.until(|subscription| subscription.waiting_for_retry == 1).await;
        topic.until(|subscription| subscription.delivered == 1).await;
        let gaps = gaps(&webhook.received());
        assert!(gaps[0] >= Duration::from_millis(least), "{status}: {gaps:?}");
    }
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_none() {
    let webhook = Webhook::start(&[Answer::Hold, Answer::Status(200)]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |config| {
        config.limits.answer = Duration::from_millis(500);
    })
    .await;
    let begin = Instant::now();
    topic.publish(&["a"]).await;
    let end = topic.until(|subscription| subscription.delivered == 1).await;
    assert_eq!(counts(&webhook.received()), [Some("0"), Some("1")]);
    assert!(webhook.received()[1].at - begin >= Duration::from_millis(500));
    assert!(end.last_problem.unwrap().contains("did not answer within 500ms"));
}

#[tokio::test]
async fn a_batch_fails_as_a_whole() {
    let webhook = Webhook::start(&[Answer::Hold, Answer::Status(500), Answer::Status(200)]).await;
    let mut subscription = subscription(&webhook);
    subscription.max_events_per_batch = 10;
    let adjust = |config: &mut local_azure::event_grid::Config| config.limits.parallel_deliveries = 1;
    let topic = Topic::start(Schema::CloudEvents, subscription, adjust).await;
    topic.publish(&["first"]).await;
    webhook.deliveries(1).await;
    topic.publish(&["a", "b"]).await;
    topic.until(|subscription| subscription.queued == 2).await;
    webhook.release(1);
    let end = topic.until(|subscription| subscription.delivered == 3 && subscription.held() == 0).await;
    assert_eq!((end.deliveries, end.failed_attempts), (3, 1));
    let ids: Vec<_> = webhook.received().iter().map(Received::ids).collect();
    assert_eq!(ids, [vec!["first"], vec!["a", "b"], vec!["a", "b"]]);
    assert_eq!(counts(&webhook.received()), [Some("0"), Some("0"), Some("1")]);
}

#[tokio::test]
async fn one_endpoint_in_trouble_is_not_the_others() {
    let (bad, good) = (Webhook::start(&[Answer::Status(500)]).await, Webhook::start(&[Answer::Status(200)]).await);
    let topic = Topic::start(Schema::EventGrid, subscription(&bad), |config| {
        config.time_scale = 1.0;
        config.subscriptions.push(local_azure::event_grid::Subscription::new("good", good.url()));
    })
    .await;
    topic.publish(&["a", "b"]).await;
    good.deliveries(2).await;
    let bad = topic.until(|subscription| subscription.waiting_for_retry == 2).await;
    assert_eq!((bad.delivered, bad.held()), (0, 2));
}
