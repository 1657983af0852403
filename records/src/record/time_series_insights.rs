//! The record format `time-series-insights`: all values of a notification in one flat object, which is what the sample in
//! the documentation of Azure Digital Twins sent and what its consumers expect, without that sample's faults.
//!
//! Source: Azure-Samples/digital-twins-docs-code, `updateTSI.cs`.

use std::collections::HashMap;

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

use super::{
    context::Context,
    list::{RecordKind, Records},
};
use crate::{flatten::Change, notification::Entity};

/// `$dtId`, the properties by key, and after them what the sample did not tell. No key begins with `$`, so none of these
/// names can be one.
struct FlatRecord<'a> {
    context: &'a Context<'a>,
    values: Vec<(&'a str, Option<&'a RawValue>)>,
    event_id: &'a str,
}

/// The bytes that a record will probably fit.
const USUAL: usize = 512;

/// One record, or none where the notification gives no values: a deletion, or a change of nothing but metadata.
pub(super) fn record(context: &Context<'_>, changes: &[Change<'_>]) -> serde_json::Result<Records> {
    let mut records = Records::default();
    if !changes.is_empty() {
        let event_id = &format!("{}#0", context.notification.id);
        let record = FlatRecord { context, values: last_values(changes), event_id };
        records.text.reserve(USUAL);
        serde_json::to_writer(&mut records.text, &record)?;
        records.end(RecordKind::Property);
    }
    Ok(records)
}

/// The last value of each key, in the place of the key's first: an object can hold a name only once.
fn last_values<'a>(changes: &'a [Change<'_>]) -> Vec<(&'a str, Option<&'a RawValue>)> {
    let mut values: Vec<(&str, Option<&RawValue>)> = Vec::with_capacity(changes.len());
    let mut places = HashMap::with_capacity(changes.len());
    for change in changes {
        let (key, value) = (change.key.as_str(), change.value.as_deref());
        let place = *places.entry(key).or_insert(values.len());
        match values.get_mut(place) {
            Some(entry) => entry.1 = value,
            None => values.push((key, value)),
        }
    }
    values
}

impl Serialize for FlatRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let notification = self.context.notification;
        let mut record = serializer.serialize_map(None)?;
        record.serialize_entry("$dtId", notification.entity.twin_id())?;
        for (key, value) in &self.values {
            record.serialize_entry(key, value)?;
        }
        record.serialize_entry("$eventId", self.event_id)?;
        record.serialize_entry("$timestamp", self.context.time_stamp)?;
        if let Some(model_id) = &notification.model_id {
            record.serialize_entry("$modelId", model_id)?;
        }
        if let Entity::Relationship { id, .. } = &notification.entity {
            record.serialize_entry("$relationshipId", id)?;
        }
        record.end()
    }
}
