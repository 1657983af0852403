//! A hub that breaks one link, or changes its partitions, while the others go on. With the bridge's own producer only:
//! the SDK can't attach a link again on the connection that it has.

use std::time::{Duration, Instant};

use local_azure::event_hubs::{Answer, EventHubs, Matching};
use serde_json::{Value, json};

use crate::handler::{Handler, TIMEOUT, hub, update};

/// A twin for each of so many partitions, by the hub's own choice.
async fn twins(hub: &EventHubs, handler: &Handler) -> Vec<String> {
    let names: Vec<_> = (0..64).map(|number| format!("twin{number}")).collect();
    let events: Vec<_> = names.iter().map(|name| update(&format!("{name}-warm"), name, &[("/a", json!(0))])).collect();
    handler.deliver(&json!(events)).await.assert_delivered();
    let partition_of = |name: &String| {
        hub.events("twins").into_iter().find(|event| event.partition_key.as_ref() == Some(name)).unwrap().partition
    };
    let partitions = hub.transfers("twins").len();
    (0..partitions)
        .map(|partition| names.iter().find(|name| partition_of(name) == partition).unwrap().clone())
        .collect()
}

fn ids(hub: &EventHubs, twin: &str) -> Vec<String> {
    let of_twin = hub.events("twins").into_iter().filter(|event| event.partition_key.as_deref() == Some(twin));
    let ids = of_twin.map(|event| event.message_id.unwrap()).filter(|id| !id.contains("-warm"));
    ids.collect()
}

fn changes(twin: &str, numbers: std::ops::Range<usize>) -> Vec<Value> {
    numbers.map(|number| update(&format!("{number}"), twin, &[("/a", json!(number))])).collect()
}

#[tokio::test]
async fn a_link_detached_for_a_size_makes_no_dead_letter_of_an_innocent_event() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    handler.ready().await;
    hub.faults()
        .answer_next(1, Answer::detach("amqp:link:message-size-exceeded", "The received message is too large."));
    let answer = handler.deliver(&json!(changes("t", 0..5))).await;
    answer.assert_delivered();
    assert!(handler.dead_letters().is_empty(), "{answer:?}");
    assert_eq!(ids(&hub, "t"), ["0#0", "1#0", "2#0", "3#0", "4#0"]);
    assert_eq!(hub.connections().opened, 1, "the connection is well");
    handler.logged("Delivered.").await;
    assert!(!handler.log().contains("\"WARN\""), "nothing to tell anybody: {}", handler.log());
}

#[tokio::test]
async fn a_link_that_is_forced_off_while_idle_is_attached_again_when_it_is_needed() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let twins = twins(&hub, &handler).await;
    // Others are in flight meanwhile, and stay so.
    hub.faults().answer(Answer::Hold);
    let others = json!(changes(&twins[1], 0..1));
    let in_flight = handler.deliver(&others);
    let detached_and_used = async {
        assert!(hub.wait_until(TIMEOUT, |hub| !ids(hub, &twins[1]).is_empty()).await);
        hub.faults().answer(Answer::Accept);
        hub.faults().detach_links(0, "amqp:link:detach-forced", "The link is idle for more than 10 minutes.");
        handler.deliver(&json!(changes(&twins[0], 0..1))).await.assert_delivered();
        hub.faults().release_held();
    };
    let (others, ()) = tokio::join!(in_flight, detached_and_used);
    others.assert_delivered();
    assert_eq!(ids(&hub, &twins[0]), ["0#0"]);
    assert_eq!(ids(&hub, &twins[1]), ["0#0"], "once: its link was left alone");
    assert_eq!(hub.connections().opened, 1);
    assert!(!handler.log().contains("\"WARN\""), "{}", handler.log());
}

/// The service adds partitions without a word. How soon they are found is tested with paused time; here, that a new
/// connection finds them at once and every twin stays in order.
#[tokio::test]
async fn partitions_that_the_hub_has_got_are_used() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    handler.ready().await;
    hub.add_partitions("twins", 4);
    let names: Vec<_> = (0..64).map(|number| format!("twin{number}")).collect();
    for round in 0..3 {
        if round == 1 {
            hub.faults().cut_connections();
        }
        let events: Vec<_> =
            names.iter().map(|name| update(&round.to_string(), name, &[("/a", json!(round))])).collect();
        handler.deliver(&json!(events)).await.assert_delivered();
    }
    assert!(hub.transfers("twins").iter().all(|transfers| *transfers > 0), "{:?}", hub.transfers("twins"));
    let mut by_twin = std::collections::HashMap::<_, Vec<_>>::new();
    for event in hub.events("twins") {
        by_twin.entry(event.partition_key.unwrap()).or_default().push(event.message_id.unwrap());
    }
    for name in names {
        let mut ids = by_twin.remove(&name).unwrap();
        ids.sort();
        assert_eq!(ids, ["0#0", "1#0", "2#0"], "{name}");
    }
}

#[tokio::test]
async fn a_hub_made_again_with_fewer_partitions_gets_everything_within_a_delivery() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let twins = twins(&hub, &handler).await;
    hub.make_again("twins", 2);
    let started = Instant::now();
    let events: Vec<_> = twins.iter().flat_map(|twin| changes(twin, 0..3)).collect();
    handler.deliver(&json!(events)).await.assert_delivered();
    assert!(started.elapsed() < Duration::from_secs(25));
    for twin in twins {
        assert_eq!(ids(&hub, &twin), ["0#0", "1#0", "2#0"]);
    }
    assert_eq!(hub.transfers("twins").len(), 2);
}

/// The events of 31 of 32 twins are stored, one partition is silent, and the array comes again.
#[tokio::test]
async fn a_delivery_that_comes_again_is_stored_once() {
    let hub = hub();
    let handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "2s")]).await;
    handler.ready().await;
    let names: Vec<_> = (0..32).map(|number| format!("twin{number}")).collect();
    let events: Vec<_> = names.iter().map(|name| update(name, name, &[("/a", json!(1))])).collect();
    hub.faults().answer_matching(Matching::partition_key("twin7"), Answer::Silent);
    assert_eq!(handler.deliver(&json!(events)).await.status, 503);
    hub.faults().heal();
    // What is in flight on the silent link has to run out before it is tried again.
    let started = Instant::now();
    while handler.deliver(&json!(events)).await.status != 200 {
        assert!(started.elapsed() < TIMEOUT);
    }
    let mut stored: Vec<_> = hub.events("twins").into_iter().map(|event| event.partition_key.unwrap()).collect();
    stored.sort();
    let mut expected = names;
    expected.sort();
    let repeats = handler.status().await["sinceStart"]["repeats"].as_u64().unwrap();
    assert!(repeats > 0, "some were stored the first time");
    assert_eq!(stored, expected, "each once");
}
