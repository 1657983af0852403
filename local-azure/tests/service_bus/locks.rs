//! Locks: how long they hold, and for whom.

use local_azure::service_bus::ServiceBus;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{TIMEOUT, held, language::Language, raw::publish, start, start_with_short_locks};

async fn a_message_that_nobody_settles_comes_again(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start_with_short_locks();
    publish(&bus, &["one"]).await;
    let [received] = <[_; 1]>::try_from(language.run(&bus, "leave 1").await).unwrap();
    assert_eq!(received["deliveryCount"], 0);
    assert!(is_free_again(&bus).await);
    let [again] = <[_; 1]>::try_from(language.run(&bus, "leave 1").await).unwrap();
    assert_eq!((&again["deliveryCount"], &again["messageId"]), (&1.into(), &received["messageId"]));
}

async fn is_free_again(bus: &ServiceBus) -> bool {
    bus.wait_until(TIMEOUT, |bus| held(bus).iter().all(|message| message.locked_until.is_none())).await
}

async fn a_lock_is_renewed(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    publish(&bus, &["one", "two"]).await;
    let printed = language.run(&bus, "renew 2").await;
    let until = printed.iter().map(|line| {
        let time = line.get("renewedUntil").unwrap_or(&line["lockedUntil"]);
        OffsetDateTime::parse(time.as_str().unwrap(), &Rfc3339).unwrap()
    });
    let until: Vec<_> = until.collect();
    assert!(until[0] < until[1] && until[2] < until[3], "{printed:?}");
    assert_eq!(held(&bus), []);
}

/// The lock outlives the connection on which the message came; settling it then goes over the management link.
async fn a_message_is_settled_after_its_connection_is_gone(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    publish(&bus, &["one"]).await;
    let mut running = language.start(&bus, "resume");
    running.next().await.unwrap();
    bus.faults().cut_connections();
    assert!(bus.wait_until(TIMEOUT, |bus| bus.connections().open == 0).await);
    assert!(held(&bus)[0].locked_until.is_some());
    assert_eq!(running.finish().await, Vec::<Value>::new());
    assert_eq!(held(&bus), []);
}

/// Who comes too late hears it.
async fn a_lost_lock_settles_nothing(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start_with_short_locks();
    publish(&bus, &["one"]).await;
    let mut running = language.start(&bus, "resume");
    running.next().await.unwrap();
    assert!(is_free_again(&bus).await);
    let [error] = <[_; 1]>::try_from(running.finish().await).unwrap();
    assert!(["MessageLockLostError", "MessageLockLost"].map(Value::from).contains(&error["error"]), "{error}");
    assert_eq!(held(&bus)[0].delivery_count, 1);
}

with_each_client! {
    a_message_that_nobody_settles_comes_again,
    a_lock_is_renewed,
    a_message_is_settled_after_its_connection_is_gone,
    a_lost_lock_settles_nothing,
}
