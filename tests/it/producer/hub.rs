//! A hub in trouble: told apart in the answer and in the log, and never acknowledged for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use local_azure::event_hubs::{Answer as HubAnswer, Config, Cut, EventHubs, Matching, StoredEvent, TokenAnswer};
use serde_json::{Value, json};

use super::producer;
use crate::handler::{Answer, Handler, TIMEOUT, hub, update};

fn one(id: &str) -> Value {
    json!([update(id, "t", &[("/a", json!(1))])])
}

async fn failing(handler: &Handler, reason: &str) {
    let answer = handler.deliver(&one("e")).await;
    assert!(answer.reason(503).contains(reason), "{answer:?}");
    handler.logged(&format!("The delivery failed. {}", answer.reason(503))).await;
}

#[tokio::test]
async fn released_and_modified_are_failures() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[("DELIVERY_TIMEOUT", "2s")]).await;
    handler.ready().await;
    for answer in [HubAnswer::Release, HubAnswer::Modify] {
        hub.faults().answer(answer);
        failing(&handler, "did not accept the records (").await;
    }
    assert!(hub.events("twins").is_empty());
    hub.faults().answer(HubAnswer::Accept);
    handler.deliver(&one("e")).await.assert_delivered();
}

#[tokio::test]
async fn what_passes_within_the_budget_is_not_noticed() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    handler.ready().await;
    for (id, answer) in [("e", HubAnswer::Release), ("f", HubAnswer::Modify), ("g", HubAnswer::server_busy())] {
        hub.faults().answer_next(2, answer);
        handler.deliver(&one(id)).await.assert_delivered();
    }
    assert_eq!(hub.events("twins").len(), 3);
}

#[tokio::test]
async fn throttling_is_told_apart() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[("DELIVERY_TIMEOUT", "2s")]).await;
    handler.ready().await;
    hub.faults().answer(HubAnswer::server_busy());
    failing(&handler, "The event hub is throttling (com.microsoft:server-busy").await;
    assert_eq!(handler.status().await["eventHub"], "throttled");
    assert_eq!(hub.connections().opened, 1, "throttling is no reason to connect again");
}

/// A hub that takes one batch and refuses the next is one trouble, not one for every batch.
#[tokio::test]
async fn trouble_that_comes_and_goes_is_told_once() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    handler.ready().await;
    for number in 0..5 {
        hub.faults().answer_next(1, HubAnswer::server_busy());
        handler.deliver(&one(&number.to_string())).await.assert_delivered();
    }
    // Each stream comes in its order: with these lines, all that was logged before them is here.
    handler.logged_times("Delivered.", 5).await;
    handler.logged("The event hub is throttling").await;
    let log = handler.log();
    let count = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!(count("The event hub is throttling"), 1, "{log}");
    assert_eq!(count("The event hub is ready."), 2, "before and after: {log}");
}

#[tokio::test]
async fn a_wrong_key_is_told_apart_at_once() {
    let hub = hub();
    let wrong = hub.connection_string("twins").replace("SharedAccessKey=", "SharedAccessKey=wrong");
    let handler = Handler::start_by(producer(), &hub, &[("EVENT_HUB", &wrong)]).await;
    let started = Instant::now();
    failing(&handler, "The event hub denies access (401").await;
    assert!(started.elapsed() < Duration::from_secs(15), "there is no use in waiting for the whole budget");
    assert!(!handler.log().contains("SharedAccessKey="));
}

#[tokio::test]
async fn access_taken_away_while_running_is_told_apart() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    handler.deliver(&one("before")).await.assert_delivered();
    hub.faults().answer(HubAnswer::reject("amqp:unauthorized-access", "the role was removed"));
    failing(&handler, "The event hub denies access (amqp:unauthorized-access: the role was removed)").await;
    hub.faults().answer(HubAnswer::Accept);
    handler.deliver(&one("after")).await.assert_delivered();
}

#[tokio::test]
async fn an_unknown_hub_is_told_apart() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[("EVENT_HUB_NAME", "nowhere")]).await;
    failing(&handler, "The event hub does not exist in its namespace").await;
}

#[tokio::test]
async fn an_unreachable_hub_is_told_apart_and_reached_when_it_comes() {
    let hub = hub();
    hub.pause();
    let handler = Handler::start_by(producer(), &hub, &[("DELIVERY_TIMEOUT", "2s")]).await;
    failing(&handler, "The event hub can't be reached").await;
    assert_eq!(handler.status().await["eventHub"], "unreachable");

    hub.resume().unwrap();
    let started = Instant::now();
    handler.deliver(&one("e")).await.assert_delivered();
    assert!(started.elapsed() < Duration::from_secs(2));
    handler.ready().await;
    assert_eq!(handler.status().await["eventHub"], "ready");
}

#[tokio::test]
async fn a_silent_hub_does_not_hold_a_delivery_beyond_its_time() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[("DELIVERY_TIMEOUT", "1s")]).await;
    handler.deliver(&one("before")).await.assert_delivered();
    hub.faults().answer(HubAnswer::Silent);
    let started = Instant::now();
    failing(&handler, "The event hub does not answer").await;
    assert!(started.elapsed() < Duration::from_secs(2));
    hub.faults().answer(HubAnswer::Accept);
    // The attempt on the silent connection has to run out before a new one is made.
    let mut answer = handler.deliver(&one("after")).await;
    while answer.status != 200 && started.elapsed() < TIMEOUT {
        answer = handler.deliver(&one("after")).await;
    }
    answer.assert_delivered();
}

/// Something that takes connections and never says a word, as a broken gateway does.
#[tokio::test]
async fn a_hub_that_is_silent_before_the_handshake_does_not_hold_a_delivery_either() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hub = hub();
    let string =
        hub.connection_string("twins").replace(&hub.address().to_string(), &silent.local_addr().unwrap().to_string());
    let settings = [("EVENT_HUB", &*string), ("DELIVERY_TIMEOUT", "1s")];
    let handler = Handler::start_by(producer(), &hub, &settings).await;
    let started = Instant::now();
    failing(&handler, "The event hub does not answer").await;
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_key_that_was_changed_works_after_a_restart() {
    let hub = EventHubs::start(Config { key: "the new key".to_owned(), ..Config::default() }).unwrap();
    let old = hub.connection_string("twins").replace("the new key", "the old key");
    let mut handler = Handler::start_by(producer(), &hub, &[("EVENT_HUB", &old)]).await;
    failing(&handler, "The event hub denies access (401").await;
    handler.terminate();
    assert_eq!(handler.ended().await, Some(0));
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    handler.deliver(&one("e")).await.assert_delivered();
}

#[tokio::test]
async fn a_connection_cut_during_a_send_loses_nothing() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    handler.ready().await;
    let started = Instant::now();
    hub.faults().cut_next_transfer(Cut::BeforeStoring);
    handler.deliver(&one("lost once")).await.assert_delivered();
    assert_eq!(ids(&hub), ["lost once#0"]);
    hub.faults().cut_next_transfer(Cut::AfterStoring);
    handler.deliver(&one("stored twice")).await.assert_delivered();
    assert_eq!(ids(&hub), ["lost once#0", "stored twice#0", "stored twice#0"], "a repeat carries the same identity");
    assert!(started.elapsed() < Duration::from_secs(6), "two cuts, two recoveries");
}

#[tokio::test]
async fn a_hub_killed_during_a_delivery_gets_it_when_it_is_back() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    handler.deliver(&one("before")).await.assert_delivered();
    hub.faults().answer(HubAnswer::Silent);
    let arrived: u64 = hub.transfers("twins").iter().sum();
    let event = one("during");
    let (answer, ()) = tokio::join!(handler.deliver(&event), async {
        assert!(hub.wait_until(TIMEOUT, |hub| hub.transfers("twins").iter().sum::<u64>() > arrived).await);
        hub.pause();
        hub.faults().answer(HubAnswer::Accept);
        hub.resume().unwrap();
    });
    answer.assert_delivered();
    assert_eq!(ids(&hub), ["before#0", "during#0"]);
}

#[tokio::test]
async fn a_record_too_large_for_the_hub_is_set_aside_and_its_neighbours_are_forwarded() {
    let hub = EventHubs::start(Config { max_message_size: 262_144, ..Config::default() }).unwrap();
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    let large = Value::String("x".repeat(300_000));
    let fitting = Value::String("y".repeat(100_000));
    let answer = handler
        .deliver(&json!([
            update("small", "t", &[("/a", json!(1))]),
            update("large", "t", &[("/a", json!(1)), ("/b", large)]),
            update("fitting", "t", &[("/a", fitting)]),
        ]))
        .await;
    answer.assert_delivered();
    let dead_letters = handler.dead_letters();
    assert_eq!(dead_letters.len(), 1);
    assert_eq!(dead_letters[0]["id"], "large");
    assert_eq!(dead_letters[0]["lastDeliveryOutcome"], "PayloadTooLarge");
    assert_eq!(ids(&hub), ["small#0", "fitting#0"], "set aside whole, not half forwarded");
    handler.logged("A record is larger than an event that the event hub takes.").await;
}

#[tokio::test]
async fn a_delivery_larger_than_a_batch_goes_out_in_several() {
    let hub = EventHubs::start(Config { max_message_size: 65_536, ..Config::default() }).unwrap();
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    let values: Vec<_> = (0..1000).map(|number| (format!("/p{number}"), json!("z".repeat(200)))).collect();
    let values: Vec<_> = values.iter().map(|(path, value)| (path.as_str(), value.clone())).collect();
    let events = json!([update("e", "t", &values), update("f", "t", &[("/a", json!(1))])]);
    handler.deliver(&events).await.assert_delivered();
    let expected = (0..1000).map(|index| format!("e#{index}")).chain(["f#0".to_owned()]);
    assert_eq!(ids(&hub), expected.collect::<Vec<_>>(), "what follows does not overtake what is left");
}

/// The records of a notification stay together only as far as the hub takes them together.
#[tokio::test]
async fn packed_records_are_split_where_the_hub_demands_it() {
    for body in ["lines", "array"] {
        let hub = EventHubs::start(Config { max_message_size: 262_144, ..Config::default() }).unwrap();
        let handler = Handler::start_by(producer(), &hub, &[("EVENT_HUB_BODY", body)]).await;
        let values: Vec<_> = (0..1000).map(|number| (format!("/p{number}"), json!("z".repeat(200)))).collect();
        let values: Vec<_> = values.iter().map(|(path, value)| (path.as_str(), value.clone())).collect();
        handler.deliver(&json!([update("e", "t", &values)])).await.assert_delivered();

        let events = hub.events("twins");
        assert!(events.len() > 1);
        let mut index = 0;
        for event in &events {
            assert_eq!(event.message_id, Some(format!("e#{index}")));
            let text = event.text().replace("}\n{", "},{");
            let text = if body == "lines" { format!("[{text}]") } else { text };
            for record in serde_json::from_str::<Vec<Value>>(&text).unwrap() {
                assert_eq!(record["EventId"], format!("e#{index}"));
                index += 1;
            }
        }
        assert_eq!(index, 1000);
    }
}

#[tokio::test]
async fn a_packed_record_that_is_too_large_alone_sets_its_event_aside() {
    let hub = EventHubs::start(Config { max_message_size: 262_144, ..Config::default() }).unwrap();
    let handler = Handler::start_by(producer(), &hub, &[("EVENT_HUB_BODY", "lines")]).await;
    let large = json!("x".repeat(300_000));
    let events = json!([
        update("e", "t", &[("/a", json!(1)), ("/b", large), ("/c", json!(3))]),
        update("f", "t", &[("/a", json!(1))])
    ]);
    let answer = handler.deliver(&events).await;
    answer.assert_delivered();
    assert_eq!(handler.dead_letters().len(), 1);
    let stored: Vec<_> = hub.events("twins").into_iter().map(|event| event.message_id.unwrap()).collect();
    assert_eq!(stored, ["f"]);
}

#[tokio::test]
async fn concurrent_deliveries_share_batches_and_each_twin_stays_in_order() {
    const DELIVERIES: usize = 5;
    const TWINS: usize = 100;
    let hub = hub();
    hub.faults().set_acknowledgement_delay(Duration::from_millis(20));
    let handler = Arc::new(Handler::start_by(producer(), &hub, &[]).await);
    handler.ready().await;

    // Each task delivers for one twin, one delivery after another, as a plant's twins change side by side.
    let twins = (0..TWINS).map(|twin| {
        let handler = Arc::clone(&handler);
        tokio::spawn(async move {
            for number in 0..DELIVERIES {
                let event = update(
                    &format!("{twin}-{number}"),
                    &format!("twin{twin}"),
                    &[("/a", json!(number)), ("/b", json!(number))],
                );
                handler.deliver(&json!([event])).await.assert_delivered();
            }
        })
    });
    for twin in twins.collect::<Vec<_>>() {
        twin.await.unwrap();
    }

    let events = hub.wait_for("twins", DELIVERIES * TWINS * 2, TIMEOUT).await.unwrap();
    assert_eq!(events.len(), DELIVERIES * TWINS * 2, "nothing lost, nothing twice");
    for twin in 0..TWINS {
        let of_twin: Vec<_> =
            events.iter().map(record).filter(|record| record["Id"] == format!("twin{twin}")).collect();
        let ids: Vec<_> = of_twin.iter().map(|record| record["EventId"].as_str().unwrap()).collect();
        let expected: Vec<_> =
            (0..DELIVERIES).flat_map(|number| [0, 1].map(|index| format!("{twin}-{number}#{index}"))).collect();
        assert_eq!(ids, expected);
    }
    let transfers: u64 = hub.transfers("twins").iter().sum();
    assert!(transfers < (DELIVERIES * TWINS) as u64 * 3 / 4, "{transfers} transfers: deliveries must share batches");
}

/// What was queued behind a refused record must not go out before it: a twin's history would begin in the middle.
#[tokio::test]
async fn nothing_of_a_delivery_overtakes_a_record_that_failed() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    // Two twins of two partitions, so that one can fail while the delivery waits for the other.
    handler
        .deliver(&json!([update("w", "x", &[("/a", json!(1))]), update("w", "a", &[("/a", json!(1))])]))
        .await
        .assert_delivered();
    let warm = hub.events("twins");
    assert_ne!(warm[0].partition, warm[1].partition);

    hub.faults().answer_matching(Matching::partition_key("x"), HubAnswer::Hold);
    hub.faults().answer_next(1, HubAnswer::unauthorized());
    let of_a = (0..3000).map(|number| update(&format!("a{number}"), "a", &[("/a", json!(number))]));
    let events: Vec<_> = std::iter::once(update("x0", "x", &[("/a", json!(1))])).chain(of_a).collect();
    let started = Instant::now();
    let answer = handler.deliver(&json!(events)).await;
    assert!(answer.reason(503).contains("denies access"), "{answer:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "there is no use in waiting for the other twin");

    hub.faults().heal();
    handler.deliver(&json!(events)).await.assert_delivered();
    let stored = hub.events("twins");
    let ids = stored
        .iter()
        .filter(|event| event.partition_key.as_deref() == Some("a"))
        .map(|event| event.message_id.clone().unwrap());
    let mut seen = std::collections::HashSet::new();
    let first: Vec<_> = ids.filter(|id| id != "w#0" && seen.insert(id.clone())).collect();
    assert_eq!(first, (0..3000).map(|number| format!("a{number}#0")).collect::<Vec<_>>());
}

/// The hub's "too large" for a batch says nothing of any one record in it.
#[tokio::test]
async fn a_batch_that_the_hub_finds_too_large_is_no_reason_to_set_anything_aside() {
    let hub = hub();
    let handler = Handler::start_by(producer(), &hub, &[]).await;
    handler.ready().await;
    hub.faults().answer_next(1, HubAnswer::reject("amqp:link:message-size-exceeded", "too large"));
    let events: Vec<_> = (0..5).map(|number| update(&format!("e{number}"), "t", &[("/a", json!(number))])).collect();
    let answer = handler.deliver(&json!(events)).await;
    answer.assert_delivered();
    assert!(handler.dead_letters().is_empty(), "{answer:?}");
    assert_eq!(ids(&hub), ["e0#0", "e1#0", "e2#0", "e3#0", "e4#0"]);
}

#[tokio::test]
async fn tokens_that_the_service_can_not_check_now_are_tried_again() {
    let hub = hub();
    hub.faults().answer_tokens(TokenAnswer::Refuse { status: 503, description: "busy".to_owned() });
    let handler = Handler::start_by(producer(), &hub, &[("DELIVERY_TIMEOUT", "2s")]).await;
    failing(&handler, "The event hub has interrupted its service (503: busy)").await;
    hub.faults().answer_tokens(TokenAnswer::Verify);
    let answer: Answer = handler.deliver(&one("e")).await;
    answer.assert_delivered();
}

fn ids(hub: &EventHubs) -> Vec<String> {
    let id = |event: &local_azure::event_hubs::StoredEvent| {
        serde_json::from_slice::<Value>(&event.body).unwrap()["EventId"].as_str().unwrap().to_owned()
    };
    hub.events("twins").iter().map(id).collect()
}

fn record(event: &StoredEvent) -> Value {
    serde_json::from_slice(&event.body).unwrap()
}
