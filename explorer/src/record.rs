//! What a record says, in either format, and how records are packed into the body of an event: docs/records.md.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::value::Value;

/// A record, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// Its identity, the same in every repeat.
    pub(crate) event_id: Option<String>,
    /// `TimeStamp`, as received.
    pub(crate) time: Option<String>,
    /// `SourceTimeStamp`, as received.
    pub(crate) source_time: Option<String>,
    pub(crate) content: Content,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// Properties of a twin, or of a relationship that starts at it, changed.
    Values { twin: String, model: Option<String>, values: Vec<Change> },
    /// A twin began or ended.
    Twin { twin: String, model: Option<String>, ends: bool },
    /// A relationship began or ended.
    Relationship { id: String, name: String, source: String, target: String, ends: bool },
}

/// A new value of a property.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) key: String,
    pub(crate) value: Value,
    /// The number as it came, where it can't be told from the value.
    pub(crate) as_received: Option<Box<str>>,
}

/// Why a body, or a part of it, is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("This is not JSON.")]
    NotJson,
    #[error("This is JSON, but not a record as docs/records.md describes it.")]
    NotARecord,
    #[error("A name in this record is longer than 1,000 bytes.")]
    LongName,
}

/// The longest name of a twin, key or relationship; Azure's own limits are far below.
const LONGEST_NAME: usize = 1_000;

/// The records in a body, whichever way they are packed: one, one a line, or an array.
pub(crate) fn records(body: &str) -> Vec<Result<&str, &str>> {
    if body.trim_start().starts_with('[') {
        let Ok(records) = serde_json::from_str::<Vec<&RawValue>>(body) else { return vec![Err(body)] };
        return records.into_iter().map(|record| Ok(record.get())).collect();
    }
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<&RawValue>();
    let mut records = Vec::new();
    while let Some(value) = values.next() {
        let Ok(value) = value else {
            records.push(Err(body.get(values.byte_offset()..).unwrap_or(body)));
            break;
        };
        records.push(Ok(value.get()));
    }
    if records.is_empty() { vec![Err(body)] } else { records }
}

/// The members of both formats, as far as they matter here.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "TimeStamp", alias = "$timestamp")]
    time: Option<String>,
    #[serde(rename = "SourceTimeStamp")]
    source_time: Option<String>,
    #[serde(rename = "EventId", alias = "$eventId")]
    event_id: Option<String>,
    #[serde(rename = "ModelId", alias = "$modelId")]
    model: Option<String>,
    #[serde(rename = "RelationshipId", alias = "$relationshipId")]
    relationship: Option<String>,
    #[serde(rename = "Id")]
    id: Option<String>,
    #[serde(rename = "Key")]
    key: Option<String>,
    #[serde(rename = "Value", borrow)]
    value: Option<&'a RawValue>,
    #[serde(rename = "Action")]
    action: Option<String>,
    #[serde(rename = "TwinId")]
    twin: Option<String>,
    #[serde(rename = "Name")]
    name: Option<String>,
    #[serde(rename = "Source")]
    source: Option<String>,
    #[serde(rename = "Target")]
    target: Option<String>,
}

/// The one member by which a record in the format `time-series-insights` is known.
#[derive(Deserialize)]
struct Flat {
    #[serde(rename = "$dtId")]
    twin: Option<String>,
}

impl Record {
    /// Reads one record.
    pub(crate) fn read(json: &str) -> Result<Self, Unreadable> {
        if let Ok(Flat { twin: Some(twin) }) = serde_json::from_str(json) {
            return Self::of_flat(twin, json);
        }
        let wire: Wire = serde_json::from_str(json).map_err(|_| Unreadable::NotARecord)?;
        let ends = wire.action.as_deref() == Some("Delete");
        let content = match (wire.id, wire.key, wire.twin, wire.source, wire.target) {
            (Some(twin), Some(key), ..) => {
                let key = key_of(wire.relationship.as_deref(), key);
                let (value, as_received) = match wire.value {
                    Some(value) if !ends => Value::read(value.get()),
                    _ => (Value::Removed, None),
                };
                Content::Values { twin, model: wire.model, values: vec![Change { key, value, as_received }] }
            }
            (None, None, Some(twin), ..) => Content::Twin { twin, model: wire.model, ends },
            (None, None, None, Some(source), Some(target)) => {
                let id = wire.relationship.ok_or(Unreadable::NotARecord)?;
                Content::Relationship { id, name: wire.name.unwrap_or_default(), source, target, ends }
            }
            _ => return Err(Unreadable::NotARecord),
        };
        Self { event_id: wire.event_id, time: wire.time, source_time: wire.source_time, content }.checked()
    }

    /// A record in the format `time-series-insights`: every member without a `$` is a property.
    fn of_flat(twin: String, json: &str) -> Result<Self, Unreadable> {
        let members: indexmap::IndexMap<String, &RawValue> =
            serde_json::from_str(json).map_err(|_| Unreadable::NotARecord)?;
        let text = |name: &str| members.get(name).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        let relationship = text("$relationshipId");
        let change = |(name, raw): (&String, &&RawValue)| {
            let (value, as_received) = Value::read(raw.get());
            Change { key: key_of(relationship.as_deref(), name.clone()), value, as_received }
        };
        let values = members.iter().filter(|(name, _)| !name.starts_with('$')).map(change).collect();
        let content = Content::Values { twin, model: text("$modelId"), values };
        Self { event_id: text("$eventId"), time: text("$timestamp"), source_time: None, content }.checked()
    }

    fn checked(self) -> Result<Self, Unreadable> {
        let fits = |name: &String| name.len() <= LONGEST_NAME;
        let all_fit = match &self.content {
            Content::Values { twin, values, .. } => fits(twin) && values.iter().all(|change| fits(&change.key)),
            Content::Twin { twin, .. } => fits(twin),
            Content::Relationship { id, name, source, target, .. } => [id, name, source, target].into_iter().all(fits),
        };
        if all_fit { Ok(self) } else { Err(Unreadable::LongName) }
    }

    /// The twin that the record is about; a relationship belongs to its source.
    pub(crate) fn twin(&self) -> &str {
        match &self.content {
            Content::Values { twin, .. } | Content::Twin { twin, .. } => twin,
            Content::Relationship { source, .. } => source,
        }
    }
}

/// A relationship's property is a series of its source twin. No property's name begins with a bracket.
fn key_of(relationship: Option<&str>, key: String) -> String {
    match relationship {
        Some(relationship) => format!("[{relationship}] {key}"),
        None => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(json: &str) -> (String, Vec<(String, String)>) {
        let record = Record::read(json).unwrap();
        let Content::Values { twin, values, .. } = record.content else { panic!("{json} has no values") };
        let plain = |change: Change| (change.key, change.value.json(change.as_received.as_deref()));
        (twin, values.into_iter().map(plain).collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// Every record in docs/records.md, which the bridge's own tests hold against what it writes.
    #[test]
    fn every_record_of_the_documentation_is_read() {
        let page = include_str!("../../docs/records.md");
        let lines: Vec<_> =
            page.lines().filter(|line| line.starts_with("{\"TimeStamp\"") || line.starts_with("{\"$dtId\"")).collect();
        assert!(lines.len() > 15, "{} records", lines.len());
        for line in lines {
            let record = Record::read(line).unwrap();
            assert!(record.event_id.is_some() && record.time.is_some(), "{line}");
        }
    }

    #[test]
    fn both_formats_give_the_same_values() {
        let data_history =
            r#"{"TimeStamp":"2021-12-09T20:28:52.9795363Z","Id":"Step","Key":"Force","Value":1.10,"Action":"Update"}"#;
        let flat = r#"{"$dtId":"Step","Force":1.10,"$eventId":"e#0","$timestamp":"2021-12-09T20:28:52.9795363Z"}"#;
        assert_eq!(values(data_history), ("Step".to_owned(), pairs(&[("Force", "1.10")])));
        assert_eq!(values(flat), values(data_history));
    }

    #[test]
    fn a_removal_is_one_in_both_formats() {
        let removed = pairs(&[("Alarm", "null")]);
        assert_eq!(values(r#"{"Id":"Step","Key":"Alarm","Value":null,"Action":"Delete"}"#).1, removed);
        assert_eq!(values(r#"{"$dtId":"Step","Alarm":null}"#).1, removed);
    }

    #[test]
    fn a_relationships_property_is_not_taken_for_its_twins() {
        let flat = r#"{"$dtId":"Factory","Since":2021,"$relationshipId":"has floors"}"#;
        let data_history = r#"{"Id":"Factory","Key":"Since","Value":2021,"RelationshipId":"has floors"}"#;
        assert_eq!(values(flat).1, pairs(&[("[has floors] Since", "2021")]));
        assert_eq!(values(data_history), values(flat));
    }

    #[test]
    fn records_come_out_of_every_body() {
        assert_eq!(records(r#"{"a":1}"#), [Ok(r#"{"a":1}"#)]);
        assert_eq!(records("{\"a\":1}\n{\"b\":2}\n"), [Ok(r#"{"a":1}"#), Ok(r#"{"b":2}"#)]);
        assert_eq!(records(r#" [{"a":1},{"b":2}]"#), [Ok(r#"{"a":1}"#), Ok(r#"{"b":2}"#)]);
        assert_eq!(records("hello"), [Err("hello")]);
        assert_eq!(records(""), [Err("")]);
        assert_eq!(records("{\"a\":1}\nhello"), [Ok(r#"{"a":1}"#), Err("hello")]);
        assert_eq!(records("[1"), [Err("[1")]);
        assert!(records("[]").is_empty());
    }

    #[test]
    fn what_is_no_record_is_said_to_be_none() {
        assert_eq!(Record::read("7"), Err(Unreadable::NotARecord));
        assert_eq!(Record::read("{}"), Err(Unreadable::NotARecord));
        assert_eq!(Record::read(r#"{"Id":"Step"}"#), Err(Unreadable::NotARecord));
        let long = format!(r#"{{"Id":"{}","Key":"Force","Value":1}}"#, "x".repeat(1_001));
        assert_eq!(Record::read(&long), Err(Unreadable::LongName));
    }
}
