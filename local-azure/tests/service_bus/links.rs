//! What a bare client sees of links, and the clients hide.

use fe2o3_amqp::{Receiver, Sender};
use fe2o3_amqp_types::{
    definitions::SenderSettleMode,
    messaging::{Outcome, annotations::AnnotationKey},
    primitives::{Array, Uuid, Value},
};
use local_azure::service_bus::ServiceBus;
use tokio::time::timeout;

use crate::{
    TIMEOUT, TOPIC, held,
    raw::{Client, batch, encoded, message, publish, receive, send},
    start,
};

const ENTITY: &str = "twins/Subscriptions/bridge";

fn ids(bus: &ServiceBus) -> Vec<String> {
    held(bus).into_iter().map(|message| message.message_id.unwrap()).collect()
}

#[tokio::test]
async fn a_delivery_is_named_by_its_lock() {
    let bus = start();
    publish(&bus, &["a"]).await;
    let mut client = Client::authorised(&bus).await;
    let mut link = client.receiver("one", "TWINS/subscriptions/Bridge", SenderSettleMode::Unsettled).await;
    link.set_credit(1).await.unwrap();
    let delivery = receive(&mut link).await.unwrap();
    let token = <[u8; 16]>::try_from(delivery.delivery_tag().as_slice()).unwrap();
    let annotations = delivery.message().message_annotations.clone().unwrap().0;
    let until = annotations.get(&"x-opt-locked-until" as &dyn AnnotationKey).cloned().unwrap();

    // As .NET writes it in the tag, and as everybody does elsewhere.
    let token = Value::Uuid(Uuid::from(uuid::Uuid::from_bytes_le(token).into_bytes()));
    let tokens = [("lock-tokens", Value::Array(Array::from(vec![token])))];
    let (status, _, body) = client.manage(ENTITY, "com.microsoft:renew-lock", &tokens).await;
    let Value::Map(body) = body else { panic!("{body:?}") };
    let Some(Value::Array(expirations)) = body.get(&Value::String("expirations".to_owned())) else {
        panic!("{body:?}")
    };
    assert_eq!(status, 200);
    assert!(expirations[0] > until, "{expirations:?} {until:?}");

    link.accept(&delivery).await.unwrap();
    assert!(bus.wait_until(TIMEOUT, |bus| held(bus).is_empty()).await);
    let (status, condition, _) = client.manage(ENTITY, "com.microsoft:renew-lock", &tokens).await;
    assert_eq!((status, condition.as_deref()), (410, Some("com.microsoft:message-lock-lost")));
    let (status, condition, _) = client.manage(ENTITY, "com.microsoft:schedule-message", &[]).await;
    assert_eq!((status, condition.as_deref()), (501, Some("amqp:not-implemented")));
    client.close().await;
}

#[tokio::test]
async fn no_message_is_locked_without_credit() {
    let bus = start();
    let mut client = Client::authorised(&bus).await;
    let mut idle = client.receiver("idle", ENTITY, SenderSettleMode::Unsettled).await;
    let mut busy = client.receiver("busy", ENTITY, SenderSettleMode::Unsettled).await;
    busy.set_credit(1).await.unwrap();
    publish(&bus, &["a", "b"]).await;
    let first = receive(&mut busy).await.unwrap();
    assert_eq!(held(&bus).iter().filter(|message| message.locked_until.is_some()).count(), 1);

    idle.set_credit(2).await.unwrap();
    let second = receive(&mut idle).await.unwrap();
    busy.accept(&first).await.unwrap();
    idle.accept(&second).await.unwrap();
    assert!(bus.wait_until(TIMEOUT, |bus| held(bus).is_empty()).await);
    client.close().await;
}

#[tokio::test]
async fn a_settled_delivery_is_gone() {
    let bus = start();
    publish(&bus, &["a", "b"]).await;
    let mut client = Client::authorised(&bus).await;
    let mut link = client.receiver("one", ENTITY, SenderSettleMode::Settled).await;
    link.set_credit(1).await.unwrap();
    receive(&mut link).await.unwrap();
    assert_eq!(ids(&bus), ["b"]);
    client.close().await;
}

/// What a link has locked stays locked when it is closed, and is settled by nobody on another one.
#[tokio::test]
async fn a_lock_outlives_its_link() {
    let bus = start();
    publish(&bus, &["a"]).await;
    let mut client = Client::authorised(&bus).await;
    let mut link = client.receiver("one", ENTITY, SenderSettleMode::Unsettled).await;
    link.set_credit(1).await.unwrap();
    receive(&mut link).await.unwrap();
    link.close().await.unwrap();
    assert!(held(&bus)[0].locked_until.is_some());
    client.close().await;
}

#[tokio::test]
async fn a_batch_is_taken_whole_or_not_at_all() {
    let bus = start();
    let mut client = Client::authorised(&bus).await;
    let mut link = client.sender(TOPIC).await;
    let good = vec![encoded(message("a")), encoded(message("b"))];
    let bad = vec![encoded(message("c")), b"not a message".to_vec()];
    assert!(matches!(send(&mut link, batch(good)).await, Outcome::Accepted(_)));
    assert!(matches!(send(&mut link, batch(bad)).await, Outcome::Rejected(_)));
    assert_eq!(ids(&bus), ["a", "b"]);
    client.close().await;
}

#[tokio::test]
async fn the_limit_is_announced() {
    let bus = start();
    let mut client = Client::authorised(&bus).await;
    assert_eq!(client.sender(TOPIC).await.max_message_size(), Some(1_048_576));
    client.close().await;
}

#[tokio::test]
async fn a_link_is_closed_when_its_token_has_expired() {
    let bus = start();
    let mut client = Client::authorised(&bus).await;
    let mut link = client.sender(TOPIC).await;
    bus.faults().expire_tokens();
    let error = timeout(TIMEOUT, link.send(message("a"))).await.unwrap().unwrap_err();
    assert!(format!("{error:?}").contains("ExpiredToken"), "{error:?}");
    assert_eq!(held(&bus), []);
}

/// Why a link is refused, the library does not always tell.
#[tokio::test]
async fn a_stranger_gets_no_link() {
    let bus = start();
    publish(&bus, &["a"]).await;
    let mut client = Client::connect(&bus).await;
    assert!(Sender::attach(&mut client.session, "send", TOPIC).await.is_err());
    assert!(Receiver::attach(&mut client.session, "receive", ENTITY).await.is_err());
    assert_eq!(held(&bus).into_iter().filter(|message| message.locked_until.is_none()).count(), 1);
}
