//! What must hold for any bytes at all: nothing panics, and everything that goes in is forwarded, ignored or set aside.
//!
//! Each function is the oracle of one fuzz target; the tests of this crate run the same ones over mutated fixtures.

#![allow(clippy::expect_used, clippy::missing_panics_doc, clippy::panic, reason = "a panic is how an oracle says no")]

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json, value::RawValue};
use twin_bridge::{dead_letter::DeadLetter, invocation};
use twin_records::{Config, Converted, ObjectValues, Received, RecordFormat, convert, flatten::Patch};

const RECEIVED_AT: &str = "2026-01-01T00:00:00.0000000Z";

/// The body of a request. What is taken for events is found again in every wrapping that the host may give it.
pub fn envelope(data: &[u8]) {
    let _ = invocation::read(data.to_owned());
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(events) = serde_json::from_str::<Vec<&RawValue>>(text) else { return };
    let once = serde_json::to_string(text).expect("text is text");
    let twice = serde_json::to_string(&once).expect("text is text");
    for wrapped in [text, &once, &twice] {
        let body = format!(r#"{{"Data":{{"events":{wrapped}}},"Metadata":{{"data":{wrapped}}}}}"#);
        let Ok(taken) = invocation::read(body.into_bytes()) else { continue };
        let taken = Received::all(&taken.events).expect("what is taken for events is a list of them");
        assert_eq!(taken.len(), events.len());
        assert!(taken.iter().zip(&events).all(|(taken, event)| taken.text == event.get()));
    }
}

/// The body of a message and, where they are a JSON object, application properties. The message is one event with the
/// body's own bytes, and nothing in the body becomes an attribute.
pub fn message(data: &[u8]) {
    let mut parts = data.splitn(2, |&byte| byte == b'\n');
    let (body, properties) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let given = serde_json::from_slice(properties).ok().filter(Value::is_object);
    let properties = given.unwrap_or_else(|| json!({"cloudEvents:type": "a", "cloudEvents:id": "b"}));
    let array = |value: Value| Value::from(vec![value]).to_string();
    let metadata = json!({
        "Client": {"FullyQualifiedNamespace": "n"}, "SequenceNumberArray": "[1]", "EnqueuedTimeUtcArray": "[\"2024\"]",
        "ContentTypeArray": "[null]", "ApplicationPropertiesArray": array(properties.clone()),
    });
    let invocation = json!({"Data": {"x": array(BASE64_STANDARD.encode(body).into())}, "Metadata": metadata});
    let delivery =
        invocation::read(invocation.to_string().into_bytes()).expect("the envelope is as the host writes it");
    let events: Vec<BTreeMap<String, &RawValue>> = serde_json::from_str(&delivery.events).expect("events are objects");
    let [event] = &*events else { panic!("{} events of one message", events.len()) };
    let names = properties.as_object().into_iter().flatten().map(|(name, _)| name.to_ascii_lowercase());
    let names: Vec<_> = names.filter_map(|name| name.get("cloudevents:".len()..).map(str::to_owned)).collect();
    let ours = ["specversion", "type", "time", "data", "data_base64"];
    assert!(event.keys().all(|name| ours.contains(&&**name) || names.contains(name)), "{event:?}");
    let value = serde_json::from_slice::<&RawValue>(body).ok().map(RawValue::get);
    assert_eq!(event.get("data").map(|data| data.get()), value);
    let bytes = event.get("data_base64").map(|bytes| bytes.get().trim_matches('"').to_owned());
    assert_eq!(bytes, value.is_none().then(|| BASE64_STANDARD.encode(body)));
    assert_eq!(Received::all(&delivery.events).map(|received| received.len()), Some(1));
}

/// An event. Its records are one line of JSON each, numbered in order; or it is set aside whole.
pub fn notification(data: &[u8]) {
    let Ok(event) = serde_json::from_slice::<&RawValue>(data) else { return };
    for format in [RecordFormat::DataHistory, RecordFormat::TimeSeriesInsights] {
        for object_values in [ObjectValues::Flatten, ObjectValues::Keep] {
            let config = Config { format, object_values, service_id: None };
            match convert(event, &config, RECEIVED_AT) {
                Ok(Converted::Ignored { .. }) => {}
                Ok(Converted::Records(notification, records)) => {
                    for (index, record) in records.iter().enumerate() {
                        assert!(!record.text.contains(&b'\n'), "a record is one line");
                        let id = serde_json::to_string(&format!("{}#{index}", notification.id)).expect("an id is text");
                        let text = std::str::from_utf8(record.text).expect("a record is text");
                        serde_json::from_str::<&RawValue>(text).expect("a record is JSON");
                        assert!(text.contains(&id), "{text} has the identity {id}");
                    }
                }
                Err(bad) => {
                    let dead_letter = DeadLetter { event: event.get(), reason: bad.into(), received_at: RECEIVED_AT };
                    let text = serde_json::to_string(&dead_letter).expect("what is set aside can be written");
                    assert!(text.contains("eadLetterReason") || text.contains("deadletterreason"));
                    contains_all_of(&text, event);
                }
            }
        }
    }
}

/// A patch. With whole objects kept there is at most one change for an operation; with flattening no key is a system
/// member's.
pub fn flattening(data: &[u8]) {
    let Ok(patch) = serde_json::from_slice::<&RawValue>(data) else { return };
    let operations = serde_json::from_str::<Vec<&RawValue>>(patch.get()).map_or(0, |operations| operations.len());
    for objects in [ObjectValues::Flatten, ObjectValues::Keep] {
        let Ok(changes) = Patch::read(patch).and_then(|patch| patch.changes(objects)) else { continue };
        let replaces_twin = patch.get().contains(r#""""#);
        if objects == ObjectValues::Keep && !replaces_twin {
            assert!(changes.len() <= operations);
        }
        for change in changes {
            assert!(!change.key.as_str().starts_with('$'));
            if let Some(value) = change.value {
                assert!(
                    patch.get().contains(value.get()) || value.get().starts_with(['{', '[']),
                    "nothing is invented"
                );
            }
        }
    }
}

/// Whether a dead letter holds every member of the event, or the event itself.
fn contains_all_of(dead_letter: &str, event: &RawValue) {
    let (Ok(Value::Object(kept)), Ok(event)) = (serde_json::from_str(dead_letter), serde_json::from_str(event.get()))
    else {
        return;
    };
    match event {
        Value::Object(members) => {
            for (name, value) in members {
                let replaced =
                    name.to_lowercase().starts_with("deadletter") || name.to_lowercase().starts_with("lastdelivery");
                assert!(replaced || kept.get(&name) == Some(&value), "{name} is kept");
            }
        }
        other => assert_eq!(kept.get("event"), Some(&other)),
    }
}
