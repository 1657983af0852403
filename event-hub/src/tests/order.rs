//! Order of keys, batches in flight, back-pressure, and the end.

use std::{rc::Rc, time::Duration};

use tokio::{sync::Notify, time::Instant};

use super::{
    BUDGET, Producer, assert_stored,
    fake::{Fake, Play},
    group, key_of, run, settle, sized,
};
use crate::{delivery::Outcome, error::SendError, health::Status};

#[test]
fn what_comes_first_of_a_key_is_stored_first_and_other_keys_do_not_wait() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        let held = Rc::new(Notify::new());
        hub.next("0", Play::Hold(Rc::clone(&held)));
        let first = producer.spawn(vec![group("a", "a1")]);
        settle().await;
        let second = producer.spawn(vec![group("a", "a2"), group("b", "b1")]);
        settle().await;
        assert_eq!(hub.stored(), ["b1#0"], "b does not wait for a");
        held.notify_one();
        assert_stored(&first.await.unwrap());
        assert_stored(&second.await.unwrap());
        assert_eq!(hub.stored(), ["b1#0", "a1#0", "a2#0"]);
    });
}

#[test]
fn what_has_queued_meanwhile_goes_in_one_batch() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        producer.send_now(vec![group("a", "warm")]).await;
        let before = hub.batches();
        hub.set_in_flight(1);
        hub.next("0", Play::After(Duration::from_millis(10)));
        let deliveries: Vec<_> = (0..20).map(|id| producer.spawn(vec![group("a", &id.to_string())])).collect();
        for delivery in deliveries {
            assert_stored(&delivery.await.unwrap());
        }
        assert!(hub.batches() - before <= 3, "{} batches", hub.batches() - before);
        assert_eq!(hub.stored()[1..], (0..20).map(|id| format!("{id}#0")).collect::<Vec<_>>());
    });
}

#[test]
fn no_more_batches_are_in_flight_than_the_transport_allows() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        hub.always("0", Play::Silent);
        hub.set_in_flight(3);
        // Each as large as a batch.
        let deliveries: Vec<_> =
            (0..6).map(|id| producer.spawn(vec![sized(&format!("key{id}"), &id.to_string(), 1000)])).collect();
        settle().await;
        assert_eq!(hub.batches(), 3);
        drop(deliveries);
    });
}

#[test]
fn a_slow_partition_does_not_hold_the_others() {
    run(async {
        let hub = Fake::new(2);
        let producer = Producer::start(&hub);
        hub.always("0", Play::Silent);
        let slow = producer.spawn(vec![group(&key_of(0, 2), "slow")]);
        let fast = Instant::now();
        for id in 0..100 {
            producer.send_now(vec![group(&key_of(1, 2), &id.to_string())]).await;
        }
        assert!(fast.elapsed() < Duration::from_millis(1), "nobody waited");
        hub.always("0", Play::Accept);
        assert_stored(&slow.await.unwrap());
    });
}

#[test]
fn a_delivery_ends_at_its_deadline_with_the_reason_of_the_last_attempt() {
    run(async {
        let hub = Fake::new(2);
        let producer = Producer::start(&hub);
        let busy = SendError::Throttled("com.microsoft:server-busy".to_owned());
        hub.always("0", Play::Fail(crate::transport::Failure::outcome(busy.clone())));
        let started = Instant::now();
        let groups = vec![group(&key_of(0, 2), "refused"), group(&key_of(1, 2), "stored")];
        let report = producer.send(groups, Duration::from_secs(2)).await;
        assert_eq!(started.elapsed(), Duration::from_secs(2));
        assert_eq!(report.groups, [Outcome::Unsettled, Outcome::Stored], "what is stored is told all the same");
        assert_eq!(report.error, Some(busy));
    });
}

#[test]
fn what_is_queued_of_a_delivery_that_is_over_never_goes_out() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        hub.set_in_flight(1);
        let held = Rc::new(Notify::new());
        hub.next("0", Play::Hold(Rc::clone(&held)));
        let first = producer.spawn(vec![group("a", "first")]);
        settle().await;
        let report = producer.send(vec![group("b", "too late")], Duration::from_secs(1)).await;
        assert_eq!(report.error, Some(SendError::NoAnswer));
        // Given up half way, as when the client of the server goes away.
        let given_up = producer.spawn(vec![group("c", "given up")]);
        settle().await;
        given_up.abort();
        settle().await;
        held.notify_one();
        assert_stored(&first.await.unwrap());
        producer.send_now(vec![group("d", "last")]).await;
        assert_eq!(hub.stored(), ["first#0", "last#0"]);
    });
}

#[test]
fn a_group_that_fails_for_good_fails_its_delivery_at_once_and_nothing_overtakes_it() {
    run(async {
        let hub = Fake::new(2);
        let producer = Producer::start(&hub);
        hub.set_in_flight(1);
        let (slow, denied) = (key_of(0, 2), key_of(1, 2));
        hub.always("0", Play::Silent);
        let error = SendError::Denied("amqp:unauthorized-access".to_owned());
        hub.next("1", Play::Fail(crate::transport::Failure::outcome(error.clone())));
        // The second of the denied key is as large as a batch, so that it goes apart.
        let groups = vec![group(&slow, "slow"), sized(&denied, "first", 1000), sized(&denied, "second", 1000)];
        let started = Instant::now();
        let report = producer.send(groups, BUDGET).await;
        assert_eq!(report.error, Some(error));
        assert!(started.elapsed() < Duration::from_secs(1), "there is no use in waiting for the other key");
        settle().await;
        assert_eq!(hub.stored_in("1"), Vec::<String>::new());
        producer.send_now(vec![sized(&denied, "first", 1000), sized(&denied, "second", 1000)]).await;
        assert_eq!(hub.stored_in("1"), ["first#0", "second#0"]);
    });
}

#[test]
fn memory_is_given_back_when_nothing_of_a_delivery_is_left() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        let held = Rc::new(Notify::new());
        hub.next("0", Play::Hold(Rc::clone(&held)));
        let report = producer.send(vec![sized("a", "large", (1 << 20) - 128)], Duration::from_secs(1)).await;
        assert_eq!(report.error, Some(SendError::NoAnswer));
        let waiting = producer.spawn(vec![sized("b", "next", 1 << 19)]);
        settle().await;
        assert_eq!(hub.batches(), 1, "the large one is in flight still and has the memory");
        held.notify_one();
        assert_stored(&waiting.await.unwrap());
    });
}

#[test]
fn what_is_in_flight_at_the_end_is_waited_for() {
    run(async {
        let hub = Fake::new(2);
        let producer = Producer::start(&hub);
        hub.always("0", Play::After(Duration::from_secs(1)));
        let delivery = producer.spawn(vec![group(&key_of(0, 2), "slow"), group(&key_of(0, 2), "behind")]);
        settle().await;
        producer.intake.borrow_mut().take();
        assert_stored(&delivery.await.unwrap());
        let producer = Rc::into_inner(producer).unwrap();
        producer.running.await.unwrap();
        assert_eq!(hub.stored(), ["slow#0", "behind#0"]);
    });
}

#[test]
fn a_producer_that_never_reaches_its_hub_ends_when_nobody_waits() {
    run(async {
        let hub = Fake::new(1);
        for _ in 0..100 {
            hub.next_connect(Err(SendError::Unreachable("connection refused".to_owned())));
        }
        let producer = Producer::start(&hub);
        let report = producer.send(vec![group("a", "1")], Duration::from_secs(3)).await;
        assert_eq!(report.error, Some(SendError::Unreachable("connection refused".to_owned())));
        assert!(matches!(producer.status(), Status::Failing(SendError::Unreachable(_))));
        producer.intake.borrow_mut().take();
        Rc::into_inner(producer).unwrap().running.await.unwrap();
        assert_eq!(hub.connected(), 0);
    });
}
