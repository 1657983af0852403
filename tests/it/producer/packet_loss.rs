//! A network to the hub that loses, holds back or trickles bytes while connections stay open: every delivery is answered
//! in time, and what was answered with 200 is in the hub.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use local_azure::event_hubs::EventHubs;
use serde_json::json;

use super::producer;
use crate::{
    handler::{Handler, hub, update},
    relay::{Flow, Network, Relay},
};

const DELIVERY_TIMEOUT: Duration = Duration::from_secs(2);
/// What is promised beyond it.
const MARGIN: Duration = Duration::from_secs(1);
/// What an attempt to open a connection may take: one that began in the hole has to be given up first.
const OPENING: Duration = Duration::from_secs(5);
/// The longest pause between attempts, and the attempt that succeeds.
const AGAIN: Duration = Duration::from_secs(2);

/// A handler with the relay between it and its hub, which have met.
struct Scene {
    hub: EventHubs,
    relay: Relay,
    handler: Handler,
    number: AtomicUsize,
}

impl Scene {
    async fn start() -> Self {
        let hub = hub();
        let relay = Relay::start(hub.address()).await;
        let string = hub.connection_string("twins").replace(&hub.address().to_string(), &relay.address().to_string());
        let settings = [("EVENT_HUB", &*string), ("DELIVERY_TIMEOUT", "2s")];
        let handler = Handler::start_by(producer(), &hub, &settings).await;
        let scene = Self { hub, relay, handler, number: AtomicUsize::default() };
        assert!(scene.deliver().await.is_some());
        scene
    }

    /// Delivers one event of a twin of its own, and answers its record's identity if that was acknowledged. Checks that
    /// the answer came in time.
    async fn deliver(&self) -> Option<String> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let event = update(&format!("e{number}"), &format!("t{number}"), &[("/a", json!(number))]);
        let started = Instant::now();
        let answer = self.handler.deliver(&json!([event])).await;
        let took = started.elapsed();
        assert!(took < DELIVERY_TIMEOUT + MARGIN, "answered after {took:?}: {answer:?}");
        if answer.status == 200 {
            return Some(format!("e{number}#0"));
        }
        answer.reason(503);
        None
    }

    /// Several deliveries one after another, of several senders; those that were acknowledged.
    async fn deliveries(&self, senders: usize, each: usize) -> BTreeSet<String> {
        let sender = || async {
            let mut acknowledged = Vec::new();
            for _ in 0..each {
                acknowledged.extend(self.deliver().await);
            }
            acknowledged
        };
        join_all((0..senders).map(|_| sender())).await.into_iter().flatten().collect()
    }

    /// Makes the network good and waits for the first delivery that succeeds; answers how long that took.
    async fn recovers(&self) -> (Duration, String) {
        self.relay.becomes(Network::both(Flow::Passes));
        let started = Instant::now();
        loop {
            if let Some(id) = self.deliver().await {
                return (started.elapsed(), id);
            }
            assert!(started.elapsed() < 2 * (OPENING + AGAIN), "{}", self.handler.log());
        }
    }

    fn assert_stored(&self, acknowledged: &BTreeSet<String>) {
        let stored: BTreeSet<_> = self.hub.events("twins").into_iter().filter_map(|event| event.message_id).collect();
        let missing: Vec<_> = acknowledged.difference(&stored).collect();
        assert!(missing.is_empty(), "acknowledged and not stored: {missing:?}");
    }
}

/// Everything vanishes at a moment in the middle of deliveries, and later on new connections get through.
async fn a_hole(network: Network) {
    let scene = Scene::start().await;
    let (mut acknowledged, more) = tokio::join!(scene.deliveries(4, 3), async {
        let first = scene.deliver().await;
        scene.relay.becomes(network);
        first
    });
    acknowledged.extend(more);
    assert_eq!(scene.deliver().await, None, "nothing gets through");
    let (took, id) = scene.recovers().await;
    assert!(took < OPENING + AGAIN, "{took:?}");
    acknowledged.insert(id);
    acknowledged.extend(scene.deliveries(2, 2).await);
    assert!(acknowledged.len() >= 5, "a network that is well again is well: {acknowledged:?}");
    scene.assert_stored(&acknowledged);
}

#[tokio::test]
async fn what_vanishes_on_its_way_to_the_hub_is_not_acknowledged() {
    a_hole(Network { to_hub: Flow::Vanishes, from_hub: Flow::Passes }).await;
}

#[tokio::test]
async fn what_the_hub_answers_into_a_hole_is_not_acknowledged() {
    a_hole(Network { to_hub: Flow::Passes, from_hub: Flow::Vanishes }).await;
}

#[tokio::test]
async fn a_network_that_swallows_everything_holds_no_delivery() {
    a_hole(Network::both(Flow::Vanishes)).await;
}

/// As when lost packets are sent again: nothing is missing, all of it is late.
#[tokio::test]
async fn a_network_that_stands_still_and_goes_on_loses_nothing() {
    let scene = Scene::start().await;
    scene.relay.becomes(Network::both(Flow::Waits));
    let mut acknowledged = scene.deliveries(3, 1).await;
    assert!(acknowledged.is_empty(), "nothing gets through");
    let (took, id) = scene.recovers().await;
    assert!(took < AGAIN, "{took:?}");
    acknowledged.insert(id);
    acknowledged.extend(scene.deliveries(3, 2).await);
    scene.assert_stored(&acknowledged);
}

#[tokio::test]
async fn a_network_that_trickles_is_slow_and_loses_nothing() {
    let scene = Scene::start().await;
    let trickle = |milliseconds| Flow::Trickles { bytes: 100, every: Duration::from_millis(milliseconds) };
    scene.relay.becomes(Network::both(trickle(10)));
    let mut acknowledged = scene.deliveries(2, 3).await;
    assert!(!acknowledged.is_empty(), "slow, but not too slow");
    // A record takes longer than a delivery may: what is answered is answered in time, whichever way.
    scene.relay.becomes(Network::both(trickle(500)));
    acknowledged.extend(scene.deliveries(3, 2).await);
    let (took, id) = scene.recovers().await;
    assert!(took < OPENING + AGAIN, "{took:?}");
    acknowledged.insert(id);
    scene.assert_stored(&acknowledged);
}
