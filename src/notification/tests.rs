use serde_json::{Value, json};

use super::*;

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

fn event_grid() -> Value {
    json!({
        "id": "b53976f9", "eventType": TWIN_UPDATE, "subject": "Grinding Step %20", "eventTime": "2021-12-09T20:28:52.9795363Z",
        "data": {
            "data": {"modelId": "dtmi:grinding;1", "patch": [{"value": 1, "path": "/a", "op": "add"}]},
            "contenttype": "application/json", "traceparent": "00-18f4-01",
        },
        "dataVersion": "1.0", "metadataVersion": "1", "topic": "/subscriptions/x",
    })
}

fn cloud_event() -> Value {
    json!({
        "specversion": "1.0", "id": "b53976f9", "type": TWIN_UPDATE, "source": "contoso.api.weu.digitaltwins.azure.net",
        "subject": "Grinding Step %20", "time": "2021-12-09T20:28:52.9795363Z", "traceparent": "00-18f4-01",
        "data": {"modelId": "dtmi:grinding;1", "patch": [{"value": 1, "path": "/a", "op": "add"}]},
    })
}

fn with(mut event: Value, pointer: &str, value: Value) -> Value {
    *event.pointer_mut(pointer).unwrap() = value;
    event
}

fn without(mut event: Value, name: &str) -> Value {
    event.as_object_mut().unwrap().remove(name).unwrap();
    event
}

fn bad(event: &Value) -> String {
    read(&raw(event)).unwrap_err().to_string()
}

#[test]
fn both_schemas_say_the_same() {
    for event in [event_grid(), cloud_event()] {
        let raw = raw(&event);
        let Event::Notification(notification) = read(&raw).unwrap() else { panic!("ignored") };
        assert_eq!(notification.id, "b53976f9");
        assert_eq!(notification.twin_id, "Grinding Step %20");
        assert_eq!(notification.time.as_deref(), Some("2021-12-09T20:28:52.9795363Z"));
        assert_eq!(notification.model_id.as_deref(), Some("dtmi:grinding;1"));
        assert_eq!(notification.traceparent.as_deref(), Some("00-18f4-01"));
        assert_eq!(notification.patch.get(), r#"[{"value":1,"path":"/a","op":"add"}]"#);
    }
}

#[test]
fn only_cloud_events_name_the_instance() {
    let service_id = |event: Value| match read(&raw(&event)).unwrap() {
        Event::Notification(notification) => notification.service_id,
        Event::Ignored { .. } => panic!("ignored"),
    };
    assert_eq!(service_id(event_grid()), None);
    let host = Some("contoso.api.weu.digitaltwins.azure.net".to_owned());
    assert_eq!(service_id(cloud_event()), host);
    let source = json!("contoso.api.weu.digitaltwins.azure.net/digitaltwins/t/1");
    assert_eq!(service_id(with(cloud_event(), "/source", source)), host);
    assert_eq!(service_id(with(cloud_event(), "/source", json!(""))), None);
    assert_eq!(service_id(without(cloud_event(), "source")), None);
}

#[test]
fn a_time_that_means_none_is_none() {
    for time in ["0001-01-01T00:00:00Z", "yesterday", "2021-12-09", "2021-13-09T20:28:52Z", ""] {
        let raw = raw(&with(event_grid(), "/eventTime", json!(time)));
        let Event::Notification(notification) = read(&raw).unwrap() else { panic!("ignored") };
        assert_eq!(notification.time, None, "{time}");
    }
    for time in ["2021-12-09T20:28:52Z", "2021-12-09T20:28:52.123456789012+05:30", "2021-12-09t20:28:52z"] {
        let raw = raw(&with(event_grid(), "/eventTime", json!(time)));
        let Event::Notification(notification) = read(&raw).unwrap() else { panic!("ignored") };
        assert_eq!(notification.time.as_deref(), Some(time));
    }
}

#[test]
fn other_types_are_ignored_whatever_else_they_lack() {
    let event = json!({"eventType": "Microsoft.Storage.BlobCreated"});
    assert!(
        matches!(read(&raw(&event)).unwrap(), Event::Ignored { event_type } if event_type == "Microsoft.Storage.BlobCreated")
    );
}

#[test]
fn a_member_given_twice_counts_as_given_last() {
    let text = event_grid().to_string().replacen('{', r#"{"id":"first","#, 1);
    let raw = RawValue::from_string(text).unwrap();
    let Event::Notification(notification) = read(&raw).unwrap() else { panic!("ignored") };
    assert_eq!(notification.id, "b53976f9");
}

#[test]
fn bad_events_say_what_is_missing() {
    for event in [json!(null), json!(5), json!("{}"), json!([]), json!(true)] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&event), @"The event is not a JSON object.");
        }
    }
    insta::assert_snapshot!(bad(&json!({})), @r#"The event has no type: it must be in the Event Grid schema ("eventType") or a CloudEvent ("type")."#);
    for event in [
        without(event_grid(), "id"),
        with(event_grid(), "/id", json!("")),
        with(cloud_event(), "/id", json!(7)),
        with(cloud_event(), "/id", json!(null)),
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&event), @r#"The event has no "id"."#);
        }
    }
    insta::assert_snapshot!(bad(&without(cloud_event(), "subject")), @r#"The event has no "subject", which names the twin."#);
    for event in [
        without(event_grid(), "data"),
        with(event_grid(), "/data", json!("text")),
        with(event_grid(), "/data/data", json!({"modelId": "dtmi:x;1"})),
        with(cloud_event(), "/data", json!(null)),
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&event), @r#"The event has no patch: an update carries it in "data.data.patch" (Event Grid schema) or "data.patch" (CloudEvents)."#);
        }
    }
    let not_unicode = RawValue::from_string(r#"{"\ud800":1}"#.to_owned()).unwrap();
    insta::assert_snapshot!(read(&not_unicode).unwrap_err(), @"The event holds a name that is not Unicode.");
    insta::assert_snapshot!(BadEvent::from(BadPatch::NotAnArray), @"The event can't be recorded: its patch is not an array of operations.");
    insta::assert_snapshot!(BadEvent::Unwritable, @"The event's records can't be written as JSON.");
}
