//! How transfers are answered, by a healthy service and by one that is told to misbehave.

use std::time::{Duration, Instant};

use fe2o3_amqp_types::messaging::Outcome;
use local_azure::event_hubs::{Answer, Cut, EventHubs, Matching};
use tokio::time::timeout;

use crate::{
    HUB, TIMEOUT, raw,
    sdk::{self, in_time, to_partition},
    start,
};

fn bodies(hubs: &EventHubs) -> Vec<String> {
    hubs.events(HUB).iter().map(|event| event.text().into_owned()).collect()
}

#[tokio::test]
async fn a_batch_is_stored_whole_or_not_at_all() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    let good = |body| raw::encoded(raw::event(body, None));

    let outcome = link.send(raw::batch(vec![good("one"), b"not an event".to_vec(), good("two")])).await.unwrap();
    assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
    let outcome = link.send(raw::batch(Vec::new())).await.unwrap();
    assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
    assert_eq!(bodies(&hubs), [""; 0]);

    let outcome = link.send(raw::batch(vec![good("one"), good("two")])).await.unwrap();
    assert!(outcome.is_accepted(), "{outcome:?}");
    assert_eq!(bodies(&hubs), ["one", "two"]);
}

#[tokio::test]
async fn released_modified_and_rejected_are_visible_and_store_nothing() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    hubs.faults().answer_next(1, Answer::Release);
    hubs.faults().answer_next(1, Answer::Modify);
    hubs.faults().answer_next(1, Answer::server_busy());

    let event = || raw::event("hello", None);
    assert!(matches!(raw::send(&mut link, event()).await, Outcome::Released(_)));
    assert!(matches!(raw::send(&mut link, event()).await, Outcome::Modified(_)));
    let Outcome::Rejected(rejected) = raw::send(&mut link, event()).await else { panic!("not rejected") };
    let error = rejected.error.unwrap();
    assert!(format!("{:?}", error.condition).contains("com.microsoft:server-busy"));
    assert!(error.description.unwrap().contains("throttled"));
    assert_eq!(bodies(&hubs), [""; 0]);

    assert!(raw::send(&mut link, event()).await.is_accepted());
    assert_eq!(bodies(&hubs), ["hello"]);
    assert_eq!(hubs.transfers(HUB).iter().sum::<u64>(), 4);
}

#[tokio::test]
async fn a_silent_service_never_answers() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    hubs.faults().answer(Answer::Silent);
    let unanswered = link.send_batchable(raw::event("lost", None)).await.unwrap();
    assert!(hubs.wait_until(TIMEOUT, |hubs| hubs.transfers(HUB).iter().sum::<u64>() == 1).await);

    hubs.faults().answer(Answer::Accept);
    assert!(raw::send(&mut link, raw::event("kept", None)).await.is_accepted());
    assert!(timeout(Duration::ZERO, unanswered).await.is_err());
    assert_eq!(bodies(&hubs), ["kept"]);
}

#[tokio::test]
async fn held_transfers_are_stored_at_once_and_accepted_when_released() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    hubs.faults().answer_next(2, Answer::Hold);
    let first = link.send_batchable(raw::event("first", None)).await.unwrap();
    let second = link.send_batchable(raw::event("second", None)).await.unwrap();
    assert!(raw::send(&mut link, raw::event("third", None)).await.is_accepted());
    assert_eq!(hubs.events(HUB).len(), 3);

    hubs.faults().release_held();
    for held in [first, second] {
        assert!(timeout(TIMEOUT, held).await.unwrap().unwrap().is_accepted());
    }
}

#[tokio::test]
async fn answers_are_late_side_by_side_and_not_one_after_another() {
    const DELAY: Duration = Duration::from_millis(200);
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    hubs.faults().set_acknowledgement_delay(DELAY);

    let started = Instant::now();
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(link.send_batchable(raw::event("hello", None)).await.unwrap());
    }
    for answer in answers {
        assert!(timeout(TIMEOUT, answer).await.unwrap().unwrap().is_accepted());
    }
    let took = started.elapsed();
    assert!(took >= DELAY && took < 10 * DELAY, "{took:?}");
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_storing() {
    let hubs = start();
    for (cut, stored) in [(Cut::BeforeStoring, 0), (Cut::AfterStoring, 1)] {
        let mut client = raw::Client::authorised(&hubs).await;
        let mut link = client.sender(HUB).await;
        hubs.faults().cut_next_transfer(cut);
        // The library never completes a send whose connection is lost, but the link tells.
        let unanswered = link.send_batchable(raw::event("hello", None)).await.unwrap();
        timeout(TIMEOUT, link.on_detach()).await.unwrap();
        assert!(!matches!(timeout(Duration::ZERO, unanswered).await, Ok(Ok(outcome)) if outcome.is_accepted()));
        assert_eq!(hubs.events(HUB).len(), stored);
    }
    assert!(hubs.wait_until(TIMEOUT, |hubs| hubs.connections().open == 0).await);
    assert_eq!(hubs.connections().closed_cleanly, 0);
}

#[tokio::test]
async fn a_link_is_closed_with_an_error_while_a_transfer_is_in_flight() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    hubs.faults().answer_next(1, Answer::detach("amqp:link:detach-forced", "The partition moves."));
    let _unanswered = link.send_batchable(raw::event("lost", None)).await.unwrap();
    let reason = format!("{:?}", timeout(TIMEOUT, link.on_detach()).await.unwrap());
    assert!(reason.contains("DetachForced") && reason.contains("The partition moves."), "{reason}");

    let mut link = client.sender(&format!("{HUB}/Partitions/0")).await;
    assert!(raw::send(&mut link, raw::event("kept", None)).await.is_accepted());
    assert_eq!(bodies(&hubs), ["kept"]);
}

#[tokio::test]
async fn one_event_is_refused_wherever_it_travels() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    hubs.faults().answer_matching(Matching::message_id("bad"), Answer::reject("amqp:not-allowed", "not this one"));
    hubs.faults().answer_matching(Matching::partition_key("refused"), Answer::Release);

    let batch = |ids: [&str; 2]| raw::batch(ids.map(|id| raw::encoded(raw::identified(id))).to_vec());
    assert!(matches!(link.send(batch(["good", "bad"])).await.unwrap(), Outcome::Rejected(_)));
    assert!(matches!(raw::send(&mut link, raw::event("hello", Some("refused"))).await, Outcome::Released(_)));
    assert!(link.send(batch(["good", "better"])).await.unwrap().is_accepted());
    assert_eq!(bodies(&hubs), ["good", "better"]);

    hubs.faults().forget_matching();
    assert!(link.send(batch(["bad", "refused"])).await.unwrap().is_accepted());
}

/// Without the detached link: of that this client never hears, and a send in flight on it waits for ever.
#[tokio::test]
async fn the_rust_client_understands_every_refusal() {
    let hubs = start();
    for (answer, seen) in [
        (Answer::server_busy(), "ServerBusy"),
        (Answer::unauthorized(), "UnauthorizedAccess"),
        (Answer::reject("amqp:internal-error", "on demand"), "InternalError"),
    ] {
        let producer = sdk::producer(&hubs).await;
        let batch = in_time(producer.create_batch(Some(to_partition("0")))).await.unwrap();
        assert!(batch.try_add_event_data("hello", None).unwrap());
        hubs.faults().answer_next(1, answer);
        let error = format!("{:?}", in_time(producer.send_batch(batch, None)).await.unwrap_err());
        assert!(error.contains(seen), "{error}");
    }
    assert_eq!(bodies(&hubs), [""; 0]);
}

#[tokio::test]
async fn a_healed_service_is_well() {
    let hubs = start();
    let faults = hubs.faults();
    faults.answer(Answer::Silent);
    faults.answer_next(3, Answer::Release);
    faults.answer_matching(Matching::default(), Answer::Modify);
    faults.cut_next_transfer(Cut::BeforeStoring);
    faults.set_acknowledgement_delay(TIMEOUT);
    faults.set_max_message_size(1);
    faults.heal();
    let producer = sdk::producer(&hubs).await;
    sdk::send(&producer, &["hello"], to_partition("0")).await;
    assert_eq!(bodies(&hubs), ["hello"]);
}
