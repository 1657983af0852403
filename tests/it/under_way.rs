//! What only the bridge's own client does: several batches of a partition are under way at once, and yet no twin overtakes
//! itself.

use local_azure::event_hubs::{Answer as HubAnswer, Config, EventHubs, HubConfig, Matching};
use serde_json::json;

use crate::handler::{Handler, TIMEOUT, update};

/// A hub that leaves the events of one twin without an answer, though it has stored them.
fn hub_that_holds(twin: &str) -> EventHubs {
    let hubs = vec![HubConfig::new("twins", 1)];
    let hub = EventHubs::start(Config { hubs, ..Config::default() }).unwrap();
    hub.faults().answer_matching(Matching::partition_key(twin), HubAnswer::Hold);
    hub
}

fn ids(hub: &EventHubs) -> Vec<String> {
    hub.events("twins").into_iter().map(|event| event.message_id.unwrap()).collect()
}

#[tokio::test]
async fn a_delivery_does_not_wait_for_the_answer_to_another() {
    let hub = hub_that_holds("slow");
    let handler = Handler::start(&hub, &[]).await;
    let slow = json!([update("s", "slow", &[("/a", json!(1))])]);
    let held = handler.deliver(&slow);
    let others = async {
        hub.wait_for("twins", 1, TIMEOUT).await.unwrap();
        for number in 0..3 {
            let event = update(&format!("q{number}"), "quick", &[("/a", json!(1))]);
            handler.deliver(&json!([event])).await.assert_delivered();
        }
        assert_eq!(ids(&hub), ["s#0", "q0#0", "q1#0", "q2#0"]);
        hub.faults().release_held();
    };
    let (held, ()) = tokio::join!(held, others);
    held.assert_delivered();
}

#[tokio::test]
async fn a_twin_does_not_overtake_itself() {
    let hub = hub_that_holds("slow");
    let handler = Handler::start(&hub, &[]).await;
    let first = json!([update("s0", "slow", &[("/a", json!(0))])]);
    let second = json!([update("s1", "slow", &[("/a", json!(1))]), update("q", "quick", &[("/a", json!(1))])]);
    let [first, second] = [handler.deliver(&first), handler.deliver(&second)];
    let second = async {
        hub.wait_for("twins", 1, TIMEOUT).await.unwrap();
        second.await
    };
    let release = async {
        // With the other twin's event, the one that waits has come as far as it may.
        hub.wait_for("twins", 2, TIMEOUT).await.unwrap();
        assert_eq!(ids(&hub), ["s0#0", "q#0"]);
        hub.faults().forget_matching();
        hub.faults().release_held();
    };
    let (first, second, ()) = tokio::join!(first, second, release);
    first.assert_delivered();
    second.assert_delivered();
    assert_eq!(ids(&hub), ["s0#0", "q#0", "s1#0"]);
}
