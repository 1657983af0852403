//! An event from the time it is published: checked once, written as JSON once, and shared by all subscriptions.

use reqwest::header::HeaderValue;
use time::{OffsetDateTime, UtcDateTime, format_description::well_known::Rfc3339, macros::format_description};

use super::{Schema, members::Members};

/// A published event.
#[derive(Debug)]
pub(super) struct Event {
    /// A JSON object, as it is delivered every time.
    pub(super) json: String,
    /// `eventType`, or `type` of a CloudEvent.
    pub(super) kind: String,
    /// For the header of that name; CloudEvents have none.
    pub(super) data_version: Option<HeaderValue>,
    /// When the topic took it.
    pub(super) published: UtcDateTime,
}

/// What was published is no event in the topic's schema.
#[derive(Debug, thiserror::Error)]
#[error("This resource is configured for '{}' schema. {problem}", schema.azure_name())]
pub(super) struct Malformed {
    pub(super) schema: Schema,
    pub(super) problem: String,
}

impl Event {
    /// Checks what Event Grid requires and adds what it adds: `topic`, `dataVersion` and `metadataVersion`.
    ///
    /// See <https://learn.microsoft.com/azure/event-grid/event-schema> and
    /// <https://learn.microsoft.com/azure/event-grid/cloud-event-schema>.
    pub(super) fn new(schema: Schema, topic: &str, json: &str) -> Result<Self, Malformed> {
        let malformed = |problem| Malformed { schema, problem };
        let Ok(mut members) = serde_json::from_str(json) else {
            return Err(malformed("An event must be an object.".to_owned()));
        };
        let kind = match schema {
            Schema::EventGrid => complete(&mut members, topic),
            Schema::CloudEvents => check_cloud_event(&members),
        };
        let kind = kind.map_err(malformed)?;
        let data_version = match schema {
            Schema::EventGrid => members.text("dataVersion").ok().flatten(),
            Schema::CloudEvents => None,
        };
        let data_version = data_version.and_then(|version| HeaderValue::from_str(&version).ok());
        Ok(Self { json: members.to_string(), kind, data_version, published: UtcDateTime::now() })
    }
}

fn complete(members: &mut Members, topic: &str) -> Result<String, String> {
    for name in ["id", "subject"] {
        text(members, name)?;
    }
    let time = text(members, "eventTime")?;
    if OffsetDateTime::parse(&time, &Rfc3339).is_err() {
        return Err("The property 'eventTime' must be a time in RFC 3339.".to_owned());
    }
    let event_type = text(members, "eventType")?;
    for (name, value) in [("dataVersion", ""), ("metadataVersion", "1"), ("topic", topic)] {
        match members.text(name) {
            Ok(None) => members.insert(name, value),
            Ok(Some(_)) => {}
            Err(_) => return Err(no_string(name)),
        }
    }
    Ok(event_type)
}

fn check_cloud_event(members: &Members) -> Result<String, String> {
    for name in ["id", "source"] {
        text(members, name)?;
    }
    if text(members, "specversion")? != "1.0" {
        return Err("The property 'specversion' must be '1.0'.".to_owned());
    }
    text(members, "type")
}

fn text(members: &Members, name: &str) -> Result<String, String> {
    match members.text(name) {
        Ok(Some(text)) if text.is_empty() && name != "subject" => {
            Err(format!("The property '{name}' must not be empty."))
        }
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(format!("The property '{name}' is required.")),
        Err(_) => Err(no_string(name)),
    }
}

fn no_string(name: &str) -> String {
    format!("The property '{name}' must be a string.")
}

/// A time as Event Grid writes it: UTC with seven digits.
pub(super) fn written(time: UtcDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");
    // Only a component that a time of day in UTC lacks could fail.
    time.format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(schema: Schema, value: &Value) -> Result<Event, String> {
        Event::new(schema, "/topics/t", &value.to_string()).map_err(|malformed| malformed.to_string())
    }

    #[test]
    fn event_grid_stamps_what_is_missing() {
        let given = json!({"id": "1", "subject": "", "eventType": "T", "eventTime": "2021-12-09T20:28:52.9795363Z"});
        let event = event(Schema::EventGrid, &given).unwrap();
        assert_eq!(
            event.json,
            r#"{"id":"1","subject":"","eventType":"T","eventTime":"2021-12-09T20:28:52.9795363Z","dataVersion":"","metadataVersion":"1","topic":"/topics/t"}"#
        );
        assert_eq!(event.data_version.unwrap(), "");
    }

    #[test]
    fn a_cloud_event_is_left_as_it_is() {
        let given = r#"{"specversion":"1.0","id":"1","source":"s","type":"T","data":[1]}"#;
        let event = event(Schema::CloudEvents, &serde_json::from_str(given).unwrap()).unwrap();
        assert_eq!((event.json.as_str(), event.kind.as_str(), event.data_version), (given, "T", None));
    }

    #[test]
    fn what_is_no_event_is_told_why() {
        let grid = json!({"id": "1", "subject": "s", "eventType": "T", "eventTime": "2021-12-09T20:28:52Z"});
        let cloud = json!({"specversion": "1.0", "id": "1", "source": "s", "type": "T"});
        let with = |event: &Value, name: &str, value: Value| {
            let mut event = event.clone();
            event[name] = value;
            event
        };
        for (schema, value, reason) in [
            (Schema::EventGrid, json!(1), "must be an object"),
            (Schema::EventGrid, cloud.clone(), "'subject' is required"),
            (Schema::EventGrid, with(&grid, "id", json!(1)), "'id' must be a string"),
            (Schema::EventGrid, with(&grid, "eventTime", json!("now")), "'eventTime' must be a time"),
            (Schema::EventGrid, with(&grid, "topic", json!({})), "'topic' must be a string"),
            (Schema::CloudEvents, grid, "'source' is required"),
            (Schema::CloudEvents, with(&cloud, "specversion", json!("0.3")), "'specversion' must be '1.0'"),
            (Schema::CloudEvents, with(&cloud, "type", json!("")), "'type' must not be empty"),
        ] {
            let told = event(schema, &value).unwrap_err();
            assert!(told.contains(reason) && told.contains(schema.azure_name()), "{told}");
        }
    }
}
