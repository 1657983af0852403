//! What the clients receive, and what becomes of it.

use local_azure::service_bus::StoredMessage;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{TIMEOUT, dead, held, language::Language, raw::publish, start};

const FIVE: [&str; 5] = ["one", "two", "three", "four", "five"];

async fn what_is_completed_is_gone(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    publish(&bus, &FIVE).await;
    let stored = held(&bus);
    let received = language.run(&bus, "complete 3").await;
    let expected: Vec<_> = stored[..3].iter().map(as_received).collect();
    assert_eq!(received.iter().map(without_lock).collect::<Vec<_>>(), expected);
    assert!(received.iter().all(|message| time_of(&message["lockedUntil"]) > OffsetDateTime::now_utc()));
    assert_eq!(held(&bus), stored[3..]);
}

/// A stored message as the scripts print it when they receive it. Neither client counts the delivery that it has in its
/// hands, as the .NET client does.
fn as_received(message: &StoredMessage) -> Value {
    json!({
        "messageId": message.message_id,
        "contentType": message.content_type,
        "body": message.text(),
        "properties": message.properties,
        "deliveryCount": message.delivery_count,
        "sequenceNumber": message.sequence_number,
        "enqueuedTime": message.enqueued_time.unix_timestamp_nanos() / 1_000_000,
        "deadLetterReason": message.properties.get("DeadLetterReason"),
        "deadLetterErrorDescription": message.properties.get("DeadLetterErrorDescription"),
    })
}

fn without_lock(received: &Value) -> Value {
    let mut received = received.clone();
    received.as_object_mut().unwrap().remove("lockedUntil");
    received["enqueuedTime"] = json!(time_of(&received["enqueuedTime"]).unix_timestamp_nanos() / 1_000_000);
    received
}

fn time_of(time: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(time.as_str().unwrap(), &Rfc3339).unwrap()
}

async fn what_is_abandoned_comes_again_until_it_is_set_aside(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    publish(&bus, &FIVE[..1]).await;
    let counts: Vec<_> = language.run(&bus, "abandon 4").await.iter().map(|one| one["deliveryCount"].clone()).collect();
    assert_eq!(counts, [0, 1, 2, 3]);
    assert_eq!(held(&bus)[0].delivery_count, 4);

    assert_eq!(language.run(&bus, "abandon 6").await.len(), 6);
    assert_eq!(held(&bus), []);
    let [stored] = <[_; 1]>::try_from(dead(&bus)).unwrap();
    assert_eq!((stored.delivery_count, stored.locked_until), (10, None));

    let [received] = <[_; 1]>::try_from(language.run(&bus, "complete 1 --dead-letters").await).unwrap();
    assert_eq!(without_lock(&received), as_received(&stored));
    assert_eq!(received["deadLetterReason"], "MaxDeliveryCountExceeded");
    assert_eq!(received["deadLetterErrorDescription"], "Message could not be consumed after 10 delivery attempts.");
    assert_eq!(dead(&bus), []);
}

async fn what_is_set_aside_says_why(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    publish(&bus, &FIVE[..2]).await;
    assert_eq!(language.run(&bus, "dead-letter 1").await.len(), 1);
    let [stored] = <[_; 1]>::try_from(dead(&bus)).unwrap();
    assert_eq!(stored.properties["DeadLetterReason"], "bad");
    assert_eq!(stored.properties["DeadLetterErrorDescription"], "told to");
    assert_eq!(held(&bus).len(), 1);

    // In there a message may come again for ever.
    let received = language.run(&bus, "abandon 11 --dead-letters").await;
    assert!(received.iter().all(|message| message["deadLetterReason"] == "bad"));
    assert_eq!(received[10]["deliveryCount"], 10);
    assert_eq!(dead(&bus)[0].delivery_count, 11);
}

async fn what_is_deleted_on_receipt_never_comes_again(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    publish(&bus, &FIVE).await;
    let received = language.run(&bus, "delete 3").await;
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|message| message["lockedUntil"].is_null() && message["deliveryCount"] == 0));
    assert_eq!(held(&bus).len(), 2);
}

async fn what_is_peeked_at_stays(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    assert_eq!(language.run(&bus, "peek 2").await, Vec::<Value>::new());
    publish(&bus, &FIVE[..3]).await;
    language.run(&bus, "abandon 1").await;
    let stored = held(&bus);
    let peeked = language.run(&bus, "peek 2").await;
    let ids: Vec<_> = peeked.iter().map(|message| message["messageId"].as_str()).collect();
    assert_eq!(ids, [stored[0].message_id.as_deref(), stored[1].message_id.as_deref()]);
    assert_eq!(peeked[0]["sequenceNumber"], 1);
    assert_eq!(held(&bus), stored);
}

/// What a client has asked for and not given to anybody, it gives back.
#[tokio::test]
async fn python_gives_back_what_nobody_looked_at() {
    let language = Language::Python;
    if !language.is_installed() {
        return;
    }
    let bus = start();
    publish(&bus, &FIVE).await;
    assert_eq!(language.run(&bus, "complete 1 --prefetch 10").await.len(), 1);
    assert!(bus.wait_until(TIMEOUT, |bus| held(bus).iter().all(|message| message.locked_until.is_none())).await);
    let counts: Vec<_> = held(&bus).iter().map(|message| message.delivery_count).collect();
    assert_eq!(counts, [0; 4]);
}

/// A client that asked for more than there is gives the credit back, and loses nothing that comes later.
async fn a_client_that_asked_for_more_gets_what_comes_later(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    publish(&bus, &FIVE[..2]).await;
    let mut running = language.start(&bus, "complete 4");
    for _ in 0..2 {
        running.next().await.unwrap();
    }
    publish(&bus, &FIVE[..2]).await;
    assert_eq!(running.finish().await.len(), 2);
    assert_eq!(held(&bus), []);
}

with_each_client! {
    what_is_completed_is_gone,
    what_is_abandoned_comes_again_until_it_is_set_aside,
    what_is_set_aside_says_why,
    what_is_deleted_on_receipt_never_comes_again,
    what_is_peeked_at_stays,
    a_client_that_asked_for_more_gets_what_comes_later,
}
