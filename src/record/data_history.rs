//! The record format `data-history`: what the data history feature of Azure Digital Twins writes, and `EventId`.
//!
//! Source: learn.microsoft.com, "Azure Digital Twins data history", for names, meanings, and what is left out where.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Context, Record, RecordKind, encode, event_id};
use crate::{
    flatten::Change,
    json,
    notification::{Entity, Occurrence},
};

/// The beginning or end of a twin.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TwinRecord<'a> {
    time_stamp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_id: Option<&'a str>,
    twin_id: &'a str,
    action: LifecycleAction,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<&'a str>,
    event_id: &'a str,
}

/// The beginning or end of a relationship.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RelationshipRecord<'a> {
    time_stamp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_id: Option<&'a str>,
    relationship_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    action: LifecycleAction,
    event_id: &'a str,
}

#[derive(Serialize)]
enum LifecycleAction {
    Create,
    Delete,
}

/// The lifecycle record, if there is one, then one record per property.
pub(super) fn records(context: &Context<'_>, changes: &[Change<'_>]) -> serde_json::Result<Vec<Record>> {
    let mut records = Vec::with_capacity(changes.len() + 1);
    let action = match context.notification.occurrence {
        Occurrence::Created { .. } => Some(LifecycleAction::Create),
        Occurrence::Deleted => Some(LifecycleAction::Delete),
        Occurrence::Updated { .. } | Occurrence::Telemetry { .. } => None,
    };
    if let Some(action) = action {
        records.push(lifecycle_record(context, action)?);
    }
    let properties = PropertyRecords::of(context)?;
    for change in changes {
        let index = records.len();
        let event_id = event_id(&context.notification.id, index);
        records.push(Record { event_id, kind: RecordKind::Property, body: properties.encode(change, index)? });
    }
    Ok(records)
}

fn lifecycle_record(context: &Context<'_>, action: LifecycleAction) -> serde_json::Result<Record> {
    let &Context { notification, time_stamp, service_id } = context;
    let event_id = event_id(&notification.id, 0);
    Ok(match &notification.entity {
        Entity::Twin { id } => {
            let model_id = notification.model_id.as_deref();
            let record = TwinRecord { time_stamp, service_id, twin_id: id, action, model_id, event_id: &event_id };
            let body = encode(&record)?;
            Record { event_id, kind: RecordKind::Twin, body }
        }
        Entity::Relationship { id, source, target, name } => {
            let (name, target) = (name.as_deref(), target.as_deref());
            let record = RelationshipRecord {
                time_stamp,
                service_id,
                relationship_id: id,
                name,
                source,
                target,
                action,
                event_id: &event_id,
            };
            let body = encode(&record)?;
            Record { event_id, kind: RecordKind::Relationship, body }
        }
    })
}

/// The property records of a notification, one value of one property each.
struct PropertyRecords {
    /// What all of them say, in order, encoded once. Between come what each says of its own.
    common: Vec<u8>,
    /// After `TimeStamp`, where `SourceTimeStamp` belongs.
    source_time: usize,
    /// After the twin (of a relationship's property, its source twin) and the name `Key`.
    key: usize,
    /// Telemetry has no `Action`: it leaves the properties as they are.
    is_telemetry: bool,
}

impl PropertyRecords {
    fn of(context: &Context<'_>) -> serde_json::Result<Self> {
        /// What all of it will probably fit.
        const USUAL: usize = 384;

        let &Context { notification, time_stamp, service_id } = context;
        let mut common = Vec::with_capacity(USUAL);
        common.push(b'{');
        member(&mut common, "TimeStamp", Some(time_stamp))?;
        let source_time = common.len();
        member(&mut common, "ServiceId", service_id)?;
        member(&mut common, "Id", Some(notification.entity.twin_id()))?;
        member(&mut common, "ModelId", notification.model_id.as_deref())?;
        common.extend_from_slice(b",\"Key\":");
        let key = common.len();
        if let Entity::Relationship { id, target, .. } = &notification.entity {
            member(&mut common, "RelationshipId", Some(id))?;
            member(&mut common, "RelationshipTarget", target.as_deref())?;
        }
        member(&mut common, "EventId", Some(&notification.id))?;
        // The index stands inside the text, so that its quote comes after it.
        common.pop();
        common.push(b'#');
        let is_telemetry = matches!(notification.occurrence, Occurrence::Telemetry { .. });
        Ok(Self { common, source_time, key, is_telemetry })
    }

    fn encode(&self, change: &Change<'_>, index: usize) -> serde_json::Result<Vec<u8>> {
        /// The names of the members, and what stands between them.
        const NAMES: usize = 128;

        let value = change.value.as_deref().map_or(json::NULL, RawValue::get);
        let mut body = Vec::with_capacity(self.common.len() + change.key.as_str().len() + value.len() + NAMES);
        body.extend_from_slice(&self.common[..self.source_time]);
        member(&mut body, "SourceTimeStamp", change.source_time.as_deref())?;
        body.extend_from_slice(&self.common[self.source_time..self.key]);
        json::write_text(change.key.as_str(), &mut body)?;
        body.extend_from_slice(b",\"Value\":");
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(match change.value {
            _ if self.is_telemetry => b"",
            Some(_) => b",\"Action\":\"Update\"",
            None => b",\"Action\":\"Delete\"",
        });
        body.extend_from_slice(&self.common[self.key..]);
        serde_json::to_writer(&mut body, &index)?;
        body.extend_from_slice(b"\"}");
        Ok(body)
    }
}

/// Goes on with a member of an object, or begins the object with it. One that has no value is left out.
fn member(out: &mut Vec<u8>, name: &str, text: Option<&str>) -> serde_json::Result<()> {
    let Some(text) = text else { return Ok(()) };
    out.extend_from_slice(if out.ends_with(b"{") { b"\"" } else { b",\"" });
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    json::write_text(text, out)
}
