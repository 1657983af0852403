use super::*;

fn written(event: &str, reason: Reason) -> String {
    serde_json::to_string(&DeadLetter { event, reason, received_at: "2026-01-01T00:00:00.0000000Z" }).unwrap()
}

#[test]
fn an_event_stays_as_it_came_and_gets_the_reason() {
    let event = r#"{"id":"e","eventType":"x","data":{"v": 1.10, "t":"2021-12-09T20:28:52.1000000+02:00"}}"#;
    insta::assert_snapshot!(written(event, BadEvent::NoPatch.into()), @r#"{"id":"e","eventType":"x","data":{"v": 1.10, "t":"2021-12-09T20:28:52.1000000+02:00"},"deadLetterReason":"The event has no patch: an update carries it in \"data.data.patch\" (Event Grid schema) or \"data.patch\" (CloudEvents).","lastDeliveryOutcome":"BadRequest","lastDeliveryAttemptTime":"2026-01-01T00:00:00.0000000Z"}"#);
}

#[test]
fn cloud_events_have_the_members_in_lower_case() {
    let reason = Reason::TooLarge;
    insta::assert_snapshot!(written(r#"{"specversion":"1.0","id":"e"}"#, reason), @r#"{"specversion":"1.0","id":"e","deadletterreason":"A record is larger than an event that the event hub takes.","lastdeliveryoutcome":"PayloadTooLarge","lastdeliveryattempttime":"2026-01-01T00:00:00.0000000Z"}"#);
}

#[test]
fn a_dead_letter_that_comes_again_has_one_reason() {
    let event =
        r#"{"id":"e","deadLetterReason":"TimeToLiveExceeded","deliveryAttempts":30,"lastDeliveryOutcome":"Busy"}"#;
    insta::assert_snapshot!(written(event, BadEvent::NoType.into()), @r#"{"id":"e","deliveryAttempts":30,"deadLetterReason":"The event has no type: it must be in the Event Grid schema (\"eventType\") or a CloudEvent (\"type\").","lastDeliveryOutcome":"BadRequest","lastDeliveryAttemptTime":"2026-01-01T00:00:00.0000000Z"}"#);
}

#[test]
fn what_is_no_object_is_wrapped() {
    insta::assert_snapshot!(written("1E5", BadEvent::NotAnObject.into()), @r#"{"event":1E5,"deadLetterReason":"The event is not a JSON object.","lastDeliveryOutcome":"BadRequest","lastDeliveryAttemptTime":"2026-01-01T00:00:00.0000000Z"}"#);
    assert!(written(r#"{"\ud800":1}"#, BadEvent::NotUnicode.into()).starts_with(r#"{"event":{"\ud800":1},"#));
}

#[test]
fn what_was_published_is_the_same_whoever_keeps_it() {
    let published = |letter: &str| super::published(serde_json::from_str(letter).unwrap()).get().to_owned();
    let event = r#"{"id":"e","data":{"v": 1.10,"publishTime":"its own"}}"#;
    let by_event_grid = r#"{"id":"e", "data":{"v": 1.10,"publishTime":"its own"}, "deadLetterReason":"MaxDeliveryAttemptsExceeded",
        "deliveryAttempts":30,"lastDeliveryOutcome":"NotFound","lastHttpStatusCode":404,
        "publishTime":"2026-01-01T00:00:00Z","lastDeliveryAttemptTime":"2026-01-01T00:00:00Z"}"#;
    assert_eq!(published(&written(event, Reason::TooLarge)), event);
    assert_eq!(published(by_event_grid), event);
    let cloud_event = r#"{"specversion":"1.0","id":"e"}"#;
    assert_eq!(published(&written(cloud_event, Reason::TooLarge)), cloud_event);
    assert_eq!(published("1E5"), "1E5");
    assert_eq!(published(r#"{"\ud800":1}"#), r#"{"\ud800":1}"#);
}
