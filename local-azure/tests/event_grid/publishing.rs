//! Events on their way into a topic: over HTTP, as publishers send them, and through the channel.

use std::net::{Ipv4Addr, SocketAddr};

use local_azure::event_grid::{Config, DeadLetters, Schema, Subscription};
use local_azure::functions_host::Storage;
use serde_json::{Value, json};

use crate::support::{Answer, Received, SOON, Topic, Webhook, event, subscription};

/// Lets a topic listen.
pub(crate) fn listen(config: &mut Config) {
    config.listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
}

async fn post(topic: &Topic, content_type: &str, body: String) -> (u16, Value) {
    post_to(topic.grid.endpoint().unwrap(), content_type, body).await
}

async fn post_to(endpoint: String, content_type: &str, body: String) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().timeout(SOON).build().unwrap();
    let url = endpoint + "?api-version=2018-01-01";
    let request = client.post(url).header("content-type", content_type).header("aeg-sas-key", "any").body(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn publishers_post_arrays_in_event_grids_schema() {
    let webhook = Webhook::start(&[Answer::Status(200)]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), listen).await;
    let mut bare = event(Schema::EventGrid, "bare");
    for member in ["topic", "dataVersion", "metadataVersion"] {
        bare.as_object_mut().unwrap().remove(member);
    }
    let body = json!([event(Schema::EventGrid, "full"), bare]).to_string();
    assert_eq!(post(&topic, "application/json; charset=utf-8", body).await, (200, Value::Null));
    assert_eq!(post(&topic, "application/json", "[]".to_owned()).await.0, 200);

    let mut deliveries = webhook.deliveries(2).await;
    deliveries.sort_by_key(Received::ids);
    let bare = &deliveries[0].json()[0];
    assert!(bare["topic"].as_str().unwrap().starts_with("/subscriptions/"));
    assert_eq!((&bare["dataVersion"], &bare["metadataVersion"]), (&json!(""), &json!("1")));
    assert_eq!(deliveries[1].json(), json!([event(Schema::EventGrid, "full")]));
    assert_eq!(topic.grid.snapshot().published, 2);
}

#[tokio::test]
async fn numbers_are_delivered_and_given_up_with_the_digits_that_were_published() {
    let folder = tempfile::TempDir::new().unwrap();
    let webhook = Webhook::start(&[Answer::Status(400)]).await;
    let storage = Storage::Folder(folder.path().to_owned());
    let dead_letters = Some(DeadLetters { storage, container: "dead-letters".to_owned() });
    let subscription = Subscription { dead_letters, ..subscription(&webhook) };
    let topic = Topic::start(Schema::CloudEvents, subscription, listen).await;
    let rest = r#""id":"1","source":"s","type":"T","data":[1.10,12345678901234567890123,1e400,-0.0,"\u00e9"]"#;
    let body = format!(r#"{{"specversion":"1.0",{rest}}}"#);
    assert_eq!(post(&topic, "application/cloudevents+json", body.clone()).await.0, 200);
    assert_eq!(webhook.deliveries(1).await[0].body, body);
    topic.until(|subscription| subscription.dead_lettered == 1).await;
    let [(_, letters)] = crate::dead_letters::texts(folder.path()).try_into().unwrap();
    assert!(letters.contains(rest), "{letters}");
}

#[tokio::test]
async fn publishers_post_cloud_events_alone_or_in_batches() {
    let webhook = Webhook::start(&[Answer::Status(200)]).await;
    let topic = Topic::start(Schema::CloudEvents, subscription(&webhook), listen).await;
    let one = event(Schema::CloudEvents, "1");
    let more = json!([event(Schema::CloudEvents, "2"), event(Schema::CloudEvents, "3")]);
    assert_eq!(post(&topic, "application/cloudevents+json; charset=utf-8", one.to_string()).await.0, 200);
    assert_eq!(post(&topic, "application/cloudevents-batch+json", more.to_string()).await.0, 200);

    let mut ids: Vec<_> = webhook.deliveries(3).await.iter().map(Received::ids).collect();
    ids.sort();
    assert_eq!(ids, [["1"], ["2"], ["3"]]);
}

#[tokio::test]
async fn what_is_malformed_is_refused_as_a_whole() {
    let webhook = Webhook::start(&[Answer::Status(200)]).await;
    let grid = Topic::start(Schema::EventGrid, subscription(&webhook), listen).await;
    let cloud = Topic::start(Schema::CloudEvents, subscription(&webhook), listen).await;
    let good = event(Schema::EventGrid, "good");
    let good_cloud = event(Schema::CloudEvents, "good");
    let (single, batch) = ("application/cloudevents+json", "application/cloudevents-batch+json");
    for (topic, content_type, body, reason) in [
        (&grid, "application/json", "no JSON".to_owned(), "not JSON"),
        (&grid, "application/json", String::new(), "not JSON"),
        (&grid, "application/json", good.to_string(), "Expected: StartArray"),
        (&grid, "application/json", json!([good, {"id": "bad"}]).to_string(), "'subject' is required"),
        (&grid, "application/json", json!([good, 1]).to_string(), "must be an object"),
        (&grid, batch, json!([good]).to_string(), "content type"),
        (&cloud, single, json!([good_cloud]).to_string(), "must be an object"),
        (&cloud, batch, good_cloud.to_string(), "Expected: StartArray"),
        (&cloud, batch, json!([good_cloud, good]).to_string(), "'source' is required"),
        (&cloud, "application/json", json!([good_cloud]).to_string(), "content type"),
    ] {
        let (status, answer) = post(topic, content_type, body).await;
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(reason), "{message}");
        let details = json!([{"code": "InputJsonInvalid", "message": message}]);
        assert_eq!(status, 400);
        assert_eq!(answer, json!({"error": {"code": "BadRequest", "message": message, "details": details}}));
    }
    assert_eq!((grid.grid.snapshot().published, cloud.grid.snapshot().published), (0, 0));
}

#[tokio::test]
async fn more_than_a_megabyte_is_too_large() {
    let webhook = Webhook::start(&[Answer::Status(200)]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), listen).await;
    let sized = |bytes: usize| {
        let mut large = event(Schema::EventGrid, "large");
        large["data"] = "".into();
        let rest = json!([large]).to_string().len();
        large["data"] = "x".repeat(bytes - rest).into();
        json!([large]).to_string()
    };
    let (status, answer) = post(&topic, "application/json", sized(1024 * 1024 + 1)).await;
    assert_eq!((status, &answer["error"]["code"]), (413, &json!("PayloadTooLarge")));
    assert_eq!(post(&topic, "application/json", sized(1024 * 1024)).await.0, 200);
    assert_eq!(webhook.deliveries(1).await[0].ids(), ["large"]);
}

#[tokio::test]
async fn what_is_no_event_in_the_channel_is_counted() {
    let webhook = Webhook::start(&[Answer::Status(200)]).await;
    let topic = Topic::start(Schema::CloudEvents, subscription(&webhook), |_| {}).await;
    assert_eq!(topic.grid.endpoint(), None);
    topic.events.send(json!("no event")).await.unwrap();
    topic.events.send(event(Schema::EventGrid, "in the other schema")).await.unwrap();
    topic.publish(&["good"]).await;
    topic.until(|subscription| subscription.delivered == 1).await;
    let snapshot = topic.grid.snapshot();
    assert_eq!((snapshot.published, snapshot.malformed), (1, 2));
}

#[tokio::test]
async fn a_publisher_waits_for_room_and_is_sent_away_when_the_topic_stops() {
    let webhook = Webhook::start(&[Answer::Hold]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |config| {
        listen(config);
        config.limits.waiting = 1;
    })
    .await;
    let events = |first: &str, second: &str| {
        let body = json!([event(Schema::EventGrid, first), event(Schema::EventGrid, second)]).to_string();
        tokio::spawn(post_to(topic.grid.endpoint().unwrap(), "application/json", body))
    };
    let patient = events("1", "2");
    topic.until(|subscription| subscription.held() == 1).await;
    assert!(!patient.is_finished(), "there is room for one only");
    webhook.release(2);
    assert_eq!(patient.await.unwrap().0, 200);

    let sent_away = events("3", "4");
    webhook.deliveries(3).await;
    let stopping = tokio::spawn(topic.grid.stop());
    let (status, answer) = sent_away.await.unwrap();
    assert_eq!((status, &answer["error"]["code"]), (503, &json!("ServiceUnavailable")));
    webhook.release(1);
    assert_eq!(stopping.await.unwrap(), 0, "the publisher still has the event that was not taken");
}
