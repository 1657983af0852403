use std::borrow::Cow;

use serde_json::{Value, json, value::RawValue};

use super::*;
use crate::{
    bad_event::BadEvent,
    config::ObjectValues,
    flatten::BadPayload,
    notification::{Entity, Event, Notification, Occurrence},
};

mod properties;

const TWIN_UPDATE: &str = "Microsoft.DigitalTwins.Twin.Update";

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

fn without_data(mut event: Value) -> Value {
    event.as_object_mut().unwrap().remove("data");
    event
}

/// What is read of an event that is no bad one and not ignored, for a closure to look at.
fn reading<T>(event: &Value, look: impl FnOnce(Notification<'_>) -> T) -> T {
    match read(&raw(event)).unwrap() {
        Event::Notification(notification) => look(notification),
        Event::Ignored { event_type } => panic!("ignored: {event_type}"),
    }
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
        assert_eq!(notification.entity, Entity::Twin { id: "Grinding Step %20".into() });
        assert_eq!(notification.time.as_deref(), Some("2021-12-09T20:28:52.9795363Z"));
        assert_eq!(notification.model_id.as_deref(), Some("dtmi:grinding;1"));
        assert_eq!(notification.traceparent.as_deref(), Some("00-18f4-01"));
        let Occurrence::Updated { patch } = notification.occurrence else { panic!("no update") };
        let changes = patch.changes(ObjectValues::Flatten).unwrap();
        let seen: Vec<_> = changes.iter().map(|change| (change.key.as_str(), change.value.as_deref())).collect();
        assert!(matches!(&*seen, [("a", Some(value))] if value.get() == "1"), "{seen:?}");
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
    for source in ["https://contoso.api.weu.digitaltwins.azure.net/x", "//contoso.api.weu.digitaltwins.azure.net"] {
        assert_eq!(service_id(with(cloud_event(), "/source", json!(source))), host);
    }
    for source in ["", "/subscriptions/x", "http:///x"] {
        assert_eq!(service_id(with(cloud_event(), "/source", json!(source))), None);
    }
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

fn relationship(kind: &str, subject: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0", "id": "r", "type": format!("Microsoft.DigitalTwins.Relationship.{kind}"),
        "source": "contoso.api.weu.digitaltwins.azure.net", "subject": subject, "time": "2021-12-09T20:28:52.9795363Z", "data": data,
    })
}

#[test]
fn a_subject_about_a_relationship_is_split_at_the_last_separator() {
    let subject = "odd/relationships/twin %2F/relationships/Factory has floors";
    let entity = |kind, data: &Value| {
        reading(&relationship(kind, subject, data), |notification| match notification.entity {
            Entity::Relationship { id, source, target, name } => {
                (id.into_owned(), source.into_owned(), target.map(Cow::into_owned), name.map(Cow::into_owned))
            }
            Entity::Twin { .. } => panic!("a twin"),
        })
    };
    let (id, source) = ("Factory has floors".to_owned(), "odd/relationships/twin %2F".to_owned());
    let body = json!({"$relationshipId": "other", "$relationshipName": "has", "$targetId": "f1", "$sourceId": "other"});
    for kind in ["Create", "Delete"] {
        assert_eq!(entity(kind, &body), (id.clone(), source.clone(), Some("f1".to_owned()), Some("has".to_owned())));
    }
    assert_eq!(entity("Update", &json!({"modelId": "m", "patch": []})), (id, source, None, None));
}

#[test]
fn the_model_of_a_whole_twin_stands_in_its_metadata() {
    let twin = json!({"$dtId": "t", "a": 1, "$metadata": {"$model": "dtmi:x;1"}});
    for kind in ["Create", "Delete"] {
        let event = with(cloud_event(), "/type", json!(format!("Microsoft.DigitalTwins.Twin.{kind}")));
        let model =
            reading(&with(event, "/data", twin.clone()), |notification| notification.model_id.map(Cow::into_owned));
        assert_eq!(model.as_deref(), Some("dtmi:x;1"));
    }
}

#[test]
fn a_deletion_needs_no_payload() {
    let event = with(cloud_event(), "/type", json!("Microsoft.DigitalTwins.Twin.Delete"));
    let deleted = |notification: Notification<'_>| matches!(notification.occurrence, Occurrence::Deleted);
    assert!(reading(&without(event.clone(), "data"), deleted));
    assert!(reading(&with(event, "/data", json!(null)), deleted));
}

#[test]
fn telemetry_names_its_twin_in_the_subject_or_in_the_source() {
    let seen = |event: &Value| {
        reading(event, |notification| {
            let Occurrence::Telemetry { component, payload } = notification.occurrence else { panic!("no telemetry") };
            let model = notification.model_id.map(Cow::into_owned);
            (
                notification.entity.twin_id().to_owned(),
                component,
                payload.get().to_owned(),
                model,
                notification.service_id,
            )
        })
    };
    let event_grid = json!({
        "id": "x", "eventType": "microsoft.iot.telemetry", "subject": "thermostat", "eventTime": "0001-01-01T00:00:00Z",
        "data": {"data": {"t": 70.10}, "dataschema": "dtmi:x;1", "contenttype": "application/json", "traceparent": "00-1"},
    });
    let payload = r#"{"t":70.1}"#.to_owned();
    let model = Some("dtmi:x;1".to_owned());
    assert_eq!(seen(&event_grid), ("thermostat".to_owned(), vec![], payload.clone(), model.clone(), None));

    let cloud_event = |source: &str, subject: Value| {
        json!({
            "specversion": "1.0", "id": "x", "type": "microsoft.iot.telemetry", "source": source, "subject": subject,
            "dataschema": "dtmi:x;1", "data": {"t": 70.10},
        })
    };
    let host = Some("h.azure.net".to_owned());
    for (source, subject, twin, component) in [
        ("h.azure.net/digitaltwins/t/1 %", json!("comp1.comp2"), "t/1 %", vec!["comp1".to_owned(), "comp2".to_owned()]),
        ("h.azure.net/digitaltwins/t", json!(""), "t", vec![]),
        ("h.azure.net/t", json!(null), "t", vec![]),
    ] {
        let expected = (twin.to_owned(), component, payload.clone(), model.clone(), host.clone());
        assert_eq!(seen(&cloud_event(source, subject)), expected);
    }
    for source in ["h.azure.net", "h.azure.net/digitaltwins/", ""] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&cloud_event(source, json!(""))), @r#"The event's "source" names no twin: telemetry must come from <host>/digitaltwins/<twin id>."#);
        }
    }
}

#[test]
fn a_member_given_twice_counts_as_given_last() {
    let text = event_grid().to_string().replacen('{', r#"{"id":"first","#, 1);
    let raw = RawValue::from_string(text).unwrap();
    let Event::Notification(notification) = read(&raw).unwrap() else { panic!("ignored") };
    assert_eq!(notification.id, "b53976f9");
}

/// Serde would take an array of the members for a structure.
#[test]
fn an_array_is_no_object() {
    let operation = with(event_grid(), "/data/data/patch", json!([["add", "/a", 1]]));
    insta::assert_snapshot!(bad(&operation), @r#"The event can't be recorded: operation 0 of its patch is not an object with the texts "op" and "path"."#);
    let patch = json!([{"op": "add", "path": "/a", "value": 1}]);
    for data in [json!(["m", patch, null, null]), json!([null, null, ["m", patch], null])] {
        for event in [event_grid(), cloud_event()] {
            assert!(bad(&with(event, "/data", data.clone())).starts_with("The event has no patch"));
        }
    }
    let members = json!([null, TWIN_UPDATE, TWIN_UPDATE, "id", "twin", null, null, null, null, {"patch": patch}]);
    assert_eq!(bad(&members), "The event is not a JSON object.");
}

/// What has anything unusual about it is read as if it had not.
#[test]
fn an_unusual_update_says_the_same() {
    let usual = |event: &Value| reading(event, |notification| format!("{notification:?}"));
    for event in [event_grid(), cloud_event()] {
        let text = event.to_string();
        let members = text.strip_prefix('{').unwrap();
        for unusual in [r#""id":1e400,"#, r#""id":"\ud800","#, r#""subject":[],"#, r#""data":5,"#, r#""\u0069d":"x","#]
        {
            let raw = RawValue::from_string(format!("{{{unusual}{members}")).unwrap();
            let Event::Notification(notification) = read(&raw).unwrap() else { panic!("ignored") };
            assert_eq!(format!("{notification:?}"), usual(&event), "{unusual}");
        }
    }
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
    let relationship = |subject| relationship("Update", subject, &json!({"patch": []}));
    insta::assert_snapshot!(bad(&relationship("twin")), @r#"The event's "subject" names no relationship: it must be <twin id>/relationships/<relationship id>."#);
    for event in [
        with(without(event_grid(), "data"), "/eventType", json!("Microsoft.DigitalTwins.Twin.Create")),
        with(with(cloud_event(), "/type", json!("microsoft.iot.telemetry")), "/source", json!("h/digitaltwins/t")),
    ] {
        let event = without_data(event);
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&event), @r#"The event has no payload: it belongs in "data.data" (Event Grid schema) or "data" (CloudEvents)."#);
        }
    }
    for event_type in [TWIN_UPDATE, "Microsoft.DigitalTwins.Twin.Delete", "microsoft.iot.telemetry"] {
        let mut event = without_data(with(cloud_event(), "/type", json!(event_type)));
        event["data_base64"] = json!("//4=");
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&event), @r#"The event's payload is not JSON: it stands in "data_base64", as bytes."#);
        }
    }
    let not_unicode = RawValue::from_string(r#"{"\ud800":1}"#.to_owned()).unwrap();
    insta::assert_snapshot!(read(&not_unicode).unwrap_err(), @"The event holds a name that is not Unicode.");
    insta::assert_snapshot!(BadEvent::from(BadPayload::PatchIsNoArray), @"The event can't be recorded: its patch is not an array of operations.");
    insta::assert_snapshot!(BadEvent::Unwritable, @"The event's records can't be written as JSON.");
}

/// Both ways of reading agree that a payload goes before bytes, and that null is none.
#[test]
fn bytes_count_only_where_there_is_no_payload() {
    for (event, expected) in [
        (with_bytes(cloud_event(), json!("//4=")), None),
        (with_bytes(cloud_event(), json!(null)), None),
        (with_bytes(without_data(cloud_event()), json!(null)), Some(BadEvent::NoPatch)),
        (with_bytes(without_data(cloud_event()), json!("//4=")), Some(BadEvent::NotJson)),
    ] {
        let event = raw(&event);
        assert_eq!(Received::of(&event).event.err(), expected, "{event}");
        assert_eq!(Received::by_levels(&event).event.err(), expected, "{event}");
    }
}

fn with_bytes(mut event: Value, bytes: Value) -> Value {
    event["data_base64"] = bytes;
    event
}
