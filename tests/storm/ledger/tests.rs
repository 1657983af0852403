//! Who watches the watchman: each kind of loss must be found.

use std::collections::BTreeMap;

use serde_json::json;
use time::OffsetDateTime;

use super::*;

/// Four acknowledged notifications of one twin with two records each, the first two of them in one delivery.
fn ledger() -> Ledger {
    let entry = |number: usize| Entry {
        delivery: number.saturating_sub(1),
        expected: Expected::Stored,
        fate: Fate::Acknowledged,
        partition: None,
        records: [0, 1].map(|index| Seen { hash: hash(&body(number, index)), copies: 0, first: i64::MAX }).into(),
    };
    let accounts = Accounts {
        entries: (0..4).map(entry).collect(),
        twins: HashMap::from([("a".to_owned(), vec![0, 1, 2, 3]), ("b".to_owned(), Vec::new())]),
        ..Accounts::default()
    };
    Ledger(Mutex::new(accounts))
}

fn body(number: usize, index: usize) -> Vec<u8> {
    format!("{number} {index}").into_bytes()
}

/// A hub that holds the records of these notifications in this order.
fn hub(numbers: &[usize]) -> Vec<StoredEvent> {
    let records = numbers.iter().flat_map(|&number| [(number, 0), (number, 1)]);
    let stored = |(place, (number, index))| StoredEvent {
        partition: 0,
        sequence_number: place,
        offset: String::new(),
        enqueued_time: OffsetDateTime::UNIX_EPOCH,
        message_id: Some(format!("storm-{number}#{index}")),
        content_type: None,
        partition_key: Some("a".to_owned()),
        properties: BTreeMap::new(),
        body: body(number, index),
    };
    (0..).zip(records).map(stored).collect()
}

fn found(events: &[StoredEvent]) -> Findings {
    let ledger = ledger();
    for event in events {
        ledger.saw(event);
    }
    ledger.findings()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let findings = found(&hub(&[0, 1, 2, 0, 1, 3, 2]));
    assert!(findings.details.is_empty(), "{findings:#?}");
    assert_eq!((findings.stored, findings.records, findings.repeats), (4, 8, 6));
}

#[test]
fn what_is_missing_is_found() {
    assert_eq!(found(&hub(&[0, 1, 2])).missing_records, 2);
    assert_eq!(found(&hub(&[0, 1, 2, 3])[..7]).missing_records, 1);
    let unacknowledged = ledger();
    unacknowledged.0.lock().entries[0].fate = Fate::Sent;
    assert_eq!(unacknowledged.findings().unacknowledged, 1);
}

#[test]
fn what_is_in_the_wrong_order_is_found() {
    assert_eq!(found(&hub(&[0, 2, 1, 3])).order_between_deliveries, 1);
    assert_eq!(found(&hub(&[1, 0, 2, 3])).order_inside_deliveries, 1);
    let mut swapped = hub(&[0, 1, 2, 3]);
    (swapped[0].sequence_number, swapped[1].sequence_number) = (1, 0);
    assert_eq!(found(&swapped).order_inside_notifications, 1);
}

#[test]
fn what_is_not_what_was_sent_is_found() {
    let mut events = hub(&[0, 1, 2, 3]);
    events[0].body.push(b' ');
    events[1].message_id = None;
    events[2].partition_key = Some("b".to_owned());
    events[4].partition = 1;
    let findings = found(&events);
    assert_eq!((findings.altered, findings.unknown, findings.astray, findings.missing_records), (1, 1, 2, 1));
}

#[test]
fn what_is_set_aside_must_be_bad_and_whole() {
    let text = |number| (number, json!({"id": number, "data": [1]}).to_string());
    let delivery = Delivery { events: vec![text(0), text(1)] };
    let letter = |number: usize| json!({"id": number, "data": [1], "deadLetterReason": "bad"});
    let acknowledged = |dead_letters| {
        let ledger = ledger();
        ledger.0.lock().entries[1].expected = Expected::SetAside;
        ledger.acknowledged(&delivery, dead_letters);
        ledger.findings()
    };
    let findings = acknowledged(vec![letter(1)]);
    assert_eq!((findings.set_aside, findings.missing_dead_letters, findings.unknown), (1, 0, 0));
    assert_eq!(acknowledged(Vec::new()).missing_dead_letters, 1);
    assert_eq!(acknowledged(vec![letter(0), letter(1)]).set_aside_without_need, 1);
    let half = acknowledged(vec![json!({"id": 1, "data": [], "deadLetterReason": "bad"})]);
    assert_eq!((half.unknown, half.missing_dead_letters), (1, 1));
}
