//! The hub gets more partitions, or is made again with fewer.

use std::{collections::BTreeSet, rc::Rc, time::Duration};

use tokio::{sync::Notify, time::Instant};

use super::{
    Producer, assert_stored,
    fake::{Fake, Play},
    group, key_of, run, settle,
};
use crate::{error::SendError, health::Status, transport::Failure};

/// A key that is in another partition when there are more.
fn moving_key(from: usize, to: usize) -> (String, String, String) {
    let place = |key: &str, count| crate::partition_key::partition(crate::partition_key::hash(key), count).unwrap();
    let key = (0..1000).map(|number| format!("key{number}")).find(|key| place(key, from) != place(key, to)).unwrap();
    let (before, after) = (place(&key, from), place(&key, to));
    (key, before.to_string(), after.to_string())
}

#[test]
fn more_partitions_are_used_within_five_minutes() {
    run(async {
        let hub = Fake::new(2);
        let producer = Producer::start(&hub);
        producer.send_now(vec![group("a", "0")]).await;
        hub.set_partitions(8);
        let started = Instant::now();
        let used = || (0..8).filter(|id| !hub.stored_in(&id.to_string()).is_empty()).count();
        let keys: Vec<_> = (0..8).map(|partition| key_of(partition, 8)).collect();
        for number in 0.. {
            producer.send_now(keys.iter().map(|key| group(key, &number.to_string())).collect()).await;
            if used() == 8 {
                break;
            }
            tokio::time::advance(Duration::from_secs(10)).await;
        }
        assert!(started.elapsed() < Duration::from_secs(5 * 60), "{:?}", started.elapsed());
        assert_eq!(hub.connected(), 1, "without a new connection");
    });
}

#[test]
fn fewer_partitions_are_found_out_within_a_delivery() {
    run(async {
        let hub = Fake::new(4);
        let producer = Producer::start(&hub);
        let keys: Vec<_> = (0..4).map(|partition| key_of(partition, 4)).collect();
        let groups = |number: u32| keys.iter().map(|key| group(key, &format!("{key}-{number}"))).collect();
        producer.send_now(groups(0)).await;
        hub.set_partitions(2);
        let started = Instant::now();
        producer.send_now(groups(1)).await;
        producer.send_now(groups(2)).await;
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        let stored: BTreeSet<_> = hub.stored().into_iter().collect();
        assert_eq!(stored.len(), 12);
        assert_eq!(producer.status(), Status::Ready);
    });
}

#[test]
fn a_key_moves_only_after_what_is_in_flight_of_it() {
    run(async {
        let hub = Fake::new(2);
        let producer = Producer::start(&hub);
        let (key, before, after) = moving_key(2, 8);
        producer.send_now(vec![group(&key, "0")]).await;
        let held = Rc::new(Notify::new());
        hub.next(&before, Play::Hold(Rc::clone(&held)));
        let first = producer.spawn(vec![group(&key, "1")]);
        settle().await;
        hub.set_partitions(8);
        let second = producer.spawn(vec![group(&key, "2")]);
        settle().await;
        assert_eq!(hub.stored(), ["0#0"], "the second waits for the first");
        held.notify_one();
        assert_stored(&first.await.unwrap());
        assert_stored(&second.await.unwrap());
        // Older than the list may be: this delivery asks again, and the one after it goes by the new list.
        tokio::time::advance(Duration::from_secs(121)).await;
        producer.send_now(vec![group(&key, "3")]).await;
        settle().await;
        producer.send_now(vec![group(&key, "4")]).await;
        assert_eq!(hub.stored_in(&before)[..3], ["0#0", "1#0", "2#0"]);
        assert_eq!(hub.stored_in(&after).last().unwrap(), "4#0");
        assert_eq!(hub.stored(), ["0#0", "1#0", "2#0", "3#0", "4#0"]);
    });
}

#[test]
fn a_hub_that_is_gone_fails_deliveries_until_it_is_made_again() {
    run(async {
        let hub = Fake::new(4);
        let producer = Producer::start(&hub);
        producer.send_now(vec![group("a", "0")]).await;
        let gone = SendError::NotFound("404: no such hub".to_owned());
        hub.set_partitions(0);
        for _ in 0..1000 {
            hub.next_connect(Err(gone.clone()));
        }
        // The link says that there is no such partition; asked again, the hub has none at all.
        let report = producer.send(vec![group("a", "1")], Duration::from_secs(3)).await;
        assert!(report.error.is_some());
        hub.set_partitions(1);
        hub.forget_connects();
        producer.send_now(vec![group("a", "1")]).await;
        assert_eq!(hub.stored(), ["0#0", "1#0"]);
    });
}

/// Its batches of before count, or more would be in flight than may be, or none ever again.
#[test]
fn a_partition_that_goes_and_comes_back_has_its_batches_in_flight_still() {
    run(async {
        let hub = Fake::new(4);
        let producer = Producer::start(&hub);
        let key = key_of(3, 4);
        let held = Rc::new(Notify::new());
        hub.next("3", Play::Hold(Rc::clone(&held)));
        let in_flight = producer.spawn(vec![group(&key, "0")]);
        settle().await;
        // A link that says that there is no such partition makes the producer ask: first there are two, then four.
        hub.set_partitions(2);
        producer.send_now(vec![group(&key_of(2, 4), "of two")]).await;
        hub.set_partitions(4);
        hub.next("0", Play::Fail(Failure::of_link(SendError::NotFound("amqp:not-found".to_owned()))));
        producer.send_now(vec![group(&key_of(0, 2), "of four")]).await;
        held.notify_one();
        assert_stored(&in_flight.await.unwrap());
        for number in 1..20 {
            producer.send_now(vec![group(&key, &number.to_string())]).await;
        }
        assert_eq!(hub.stored_in("3").last().unwrap(), "19#0");
        assert_eq!(hub.connected(), 1);
    });
}
