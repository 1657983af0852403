//! Every kind of failure: what is sent again, what is told, what is connected again, and the order that holds.

use std::{rc::Rc, time::Duration};

use proptest::prelude::*;
use tokio::{sync::Notify, task::spawn_local, time::Instant};

use super::{
    Producer, assert_stored,
    fake::{Fake, Play},
    group, key_of, run, settle, sized,
};
use crate::{delivery::Outcome, error::SendError, health::Status, messages::Group, transport::Failure};

fn interrupted(condition: &str) -> SendError {
    SendError::Interrupted(condition.to_owned())
}

fn not_accepted() -> Play {
    Play::Fail(Failure::outcome(SendError::NotAccepted("released".to_owned())))
}

fn detached(condition: &str) -> Play {
    Play::Fail(Failure::of_link(interrupted(condition)))
}

/// The hub's word for a link says nothing of any one event.
#[test]
fn a_link_detached_for_a_size_condemns_nobody() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        hub.next("0", detached("amqp:link:message-size-exceeded"));
        hub.next("0", detached("amqp:link:message-size-exceeded"));
        let groups = (0..5).map(|id| group("a", &id.to_string())).collect();
        producer.send_now(groups).await;
        assert_eq!(hub.stored(), ["0#0", "1#0", "2#0", "3#0", "4#0"]);
        assert_eq!(hub.connected(), 1);
        assert_ne!(producer.status(), Status::Connecting);
    });
}

#[test]
fn an_event_that_the_hub_refuses_alone_for_its_size_is_told_and_its_neighbours_are_stored() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        let too_large = || Play::Fail(Failure::outcome(SendError::TooLarge));
        // The batch, then its first event alone.
        hub.next("0", too_large());
        hub.next("0", too_large());
        let report = producer.send((0..3).map(|id| group("a", &id.to_string())).collect(), super::BUDGET).await;
        assert_eq!(report.groups, [Outcome::TooLarge, Outcome::Stored, Outcome::Stored]);
        assert_eq!(report.error, None);
        assert_eq!(hub.stored(), ["1#0", "2#0"]);
        assert_eq!(producer.status(), Status::Ready);
    });
}

#[test]
fn what_no_event_can_hold_is_not_sent_at_all() {
    run(async {
        let hub = Fake::new(1);
        hub.set_max_size(100_000);
        let producer = Producer::start(&hub);
        let report =
            producer.send(vec![group("a", "0"), sized("a", "1", 100_001), group("a", "2")], super::BUDGET).await;
        assert_eq!(report.groups, [Outcome::Stored, Outcome::TooLarge, Outcome::Stored]);
        assert_eq!(hub.stored(), ["0#0", "2#0"]);
    });
}

#[test]
fn a_link_that_was_forced_off_while_idle_is_no_trouble() {
    run(async {
        let hub = Fake::new(2);
        let producer = Producer::start(&hub);
        let (idle, other) = (key_of(0, 2), key_of(1, 2));
        producer.send_now(vec![group(&idle, "0"), group(&other, "1")]).await;
        let held = Rc::new(Notify::new());
        hub.next("1", Play::Hold(Rc::clone(&held)));
        let in_flight = producer.spawn(vec![group(&other, "3")]);
        settle().await;
        hub.next("0", detached("amqp:link:detach-forced"));
        let started = Instant::now();
        producer.send_now(vec![group(&idle, "2")]).await;
        assert_eq!(started.elapsed(), Duration::ZERO, "attached again at once");
        assert_eq!((hub.attached("0"), hub.attached("1"), hub.connected()), (2, 1, 1));
        assert_eq!(producer.status(), Status::Ready, "nothing was told");
        held.notify_one();
        assert_stored(&in_flight.await.unwrap());
    });
}

#[test]
fn a_link_that_is_lost_over_and_over_is_told_and_does_not_spin() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        hub.always("0", detached("amqp:internal-error"));
        let report = producer.send(vec![group("a", "0")], Duration::from_secs(5)).await;
        assert_eq!(report.error, Some(interrupted("amqp:internal-error")));
        assert_eq!(producer.status(), Status::Failing(interrupted("amqp:internal-error")));
        assert!((5..20).contains(&hub.batches()), "{} attempts in five seconds", hub.batches());
        assert_eq!(hub.connected(), 1, "the connection is well");
    });
}

/// A partition that does not answer while others do has a broken link; a hub that answers nobody, a broken connection.
#[test]
fn silence_breaks_only_what_is_silent() {
    run(async {
        let hub = Fake::new(2);
        let producer = Producer::start(&hub);
        let (silent, other) = (key_of(0, 2), key_of(1, 2));
        producer.send_now(vec![group(&silent, "0"), group(&other, "1")]).await;
        hub.next("0", Play::Silent);
        let waiting = producer.spawn(vec![group(&silent, "2")]);
        settle().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        producer.send_now(vec![group(&other, "3")]).await;
        assert_stored(&waiting.await.unwrap());
        assert_eq!((hub.connected(), hub.attached("0"), hub.attached("1")), (1, 2, 1));

        hub.next("0", Play::Silent);
        hub.next("1", Play::Silent);
        producer.send_now(vec![group(&silent, "4"), group(&other, "5")]).await;
        assert_eq!(hub.connected(), 2);
    });
}

#[test]
fn a_connection_that_ends_takes_everything_in_flight_along_at_once_and_loses_nothing() {
    run(async {
        let hub = Fake::new(2);
        let producer = Producer::start(&hub);
        hub.next("0", Play::Silent);
        hub.next("1", Play::Cut(SendError::Unreachable("connection reset".to_owned())));
        let started = Instant::now();
        producer.send_now(vec![group(&key_of(0, 2), "0"), group(&key_of(1, 2), "1")]).await;
        assert!(started.elapsed() < Duration::from_millis(500), "nobody waits on a connection that is gone");
        assert_eq!(hub.connected(), 2);
    });
}

/// What is in flight with the old token comes to its end with it.
#[test]
fn an_expiring_token_is_replaced_before_it_expires() {
    run(async {
        let hub = Fake::new(1);
        hub.set_lifetime(Duration::from_secs(5 * 60));
        let producer = Producer::start(&hub);
        let held = Rc::new(Notify::new());
        hub.next("0", Play::Hold(Rc::clone(&held)));
        let old = producer.spawn(vec![group("a", "0")]);
        settle().await;
        tokio::time::advance(Duration::from_millis(1_400)).await;
        producer.send_now(vec![group("b", "1")]).await;
        assert_eq!(hub.connected(), 1);
        held.notify_one();
        assert_stored(&old.await.unwrap());
        tokio::time::advance(Duration::from_secs(61)).await;
        producer.send_now(vec![group("b", "2")]).await;
        assert_eq!(hub.connected(), 2);
    });
}

#[test]
fn denied_access_fails_at_once_and_the_next_delivery_comes_with_a_new_token() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        let denied = SendError::Denied("amqp:unauthorized-access".to_owned());
        hub.next("0", Play::Fail(Failure::of_link(denied.clone())));
        let report = producer.send(vec![group("a", "0")], super::BUDGET).await;
        assert_eq!(report.error, Some(denied));
        producer.send_now(vec![group("a", "0")]).await;
        assert_eq!(hub.connected(), 2);
    });
}

#[test]
fn throttling_is_waited_out_on_the_connection_that_there_is() {
    run(async {
        let hub = Fake::new(1);
        let producer = Producer::start(&hub);
        for _ in 0..3 {
            hub.next("0", Play::Fail(Failure::outcome(SendError::Throttled("busy".to_owned()))));
        }
        let started = Instant::now();
        producer.send_now(vec![group("a", "0")]).await;
        assert_eq!(started.elapsed(), Duration::from_millis(100 + 200 + 400));
        assert_eq!(hub.connected(), 1);
    });
}

fn failure() -> impl Strategy<Value = Play> {
    prop_oneof![
        Just(Play::Accept),
        (1_u64..3_000).prop_map(|ms| Play::After(Duration::from_millis(ms))),
        Just(not_accepted()),
        Just(Play::Fail(Failure::outcome(SendError::Throttled("busy".to_owned())))),
        Just(Play::Fail(Failure::outcome(SendError::TooLarge))),
        Just(detached("amqp:link:detach-forced")),
        Just(Play::Fail(Failure::of_link(SendError::NoAnswer))),
        Just(Play::Fail(Failure::of_connection(SendError::Unreachable("gone".to_owned())))),
        Just(Play::Silent),
        Just(Play::Cut(interrupted("amqp:connection:forced"))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever fails, and in whatever order: what is stored of a key is stored in its order, but for repeats, and
    /// everything that was acknowledged is stored.
    #[test]
    fn order_holds_under_every_kind_of_failure(
        plays in prop::collection::vec((0..2_usize, failure()), 0..25),
        partitions in prop::collection::vec(1..4_usize, 0..3),
    ) {
        run(async {
            let hub = Fake::new(2);
            let producer = Producer::start(&hub);
            for (partition, play) in plays {
                hub.next(&partition.to_string(), play);
            }
            let keys = ["a", "b", "c", "d", "e"];
            let mut partitions = partitions.into_iter();
            for round in 0..8 {
                let groups = |part: usize| {
                    keys.iter().map(|key| group(key, &format!("{key}{}", 2 * round + part))).collect::<Vec<_>>()
                };
                let patiently = |groups: Vec<Group>| {
                    let producer = Rc::clone(&producer);
                    spawn_local(async move { producer.send(groups, Duration::from_secs(3600)).await })
                };
                let (first, second) = (patiently(groups(0)), patiently(groups(1)));
                if round % 3 == 2 && let Some(partitions) = partitions.next() {
                    hub.set_partitions(partitions);
                }
                for delivery in [first, second] {
                    let report = delivery.await.unwrap();
                    prop_assert_eq!(&report.error, &None, "{:?}", report);
                    let stored = hub.stored();
                    for (outcome, key) in report.groups.iter().zip(keys) {
                        prop_assert_ne!(*outcome, Outcome::Unsettled);
                        let is_stored = stored.iter().any(|id| id.starts_with(key));
                        prop_assert!(is_stored || *outcome == Outcome::TooLarge);
                    }
                }
            }
            for key in keys {
                let numbers: Vec<u32> =
                    hub.stored().iter().filter_map(|id| id.strip_prefix(key)?.strip_suffix("#0")?.parse().ok()).collect();
                prop_assert!(numbers.is_sorted(), "{key}: {numbers:?}");
            }
            Ok(())
        })?;
    }
}
