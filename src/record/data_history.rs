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

/// The property records of a notification, one value of one property each. What all of them say is encoded once.
struct PropertyRecords {
    /// The beginning of the object, and `TimeStamp`.
    time: Vec<u8>,
    /// `ServiceId`, `Id` and `ModelId`: the twin; of a relationship's property, its source twin. Then the name `Key`.
    twin: Vec<u8>,
    /// `RelationshipId` and `RelationshipTarget`, where it is a relationship's property. Then `EventId`, up to the index.
    event: Vec<u8>,
    /// Telemetry has no `Action`: it leaves the properties as they are.
    is_telemetry: bool,
}

impl PropertyRecords {
    fn of(context: &Context<'_>) -> serde_json::Result<Self> {
        /// What each of the three will probably fit.
        const USUAL: usize = 192;

        let &Context { notification, time_stamp, service_id } = context;
        let [mut time, mut twin, mut event] = [(); 3].map(|()| Vec::with_capacity(USUAL));
        time.push(b'{');
        member(&mut time, "TimeStamp", Some(time_stamp))?;
        member(&mut twin, "ServiceId", service_id)?;
        member(&mut twin, "Id", Some(notification.entity.twin_id()))?;
        member(&mut twin, "ModelId", notification.model_id.as_deref())?;
        twin.extend_from_slice(b",\"Key\":");
        if let Entity::Relationship { id, target, .. } = &notification.entity {
            member(&mut event, "RelationshipId", Some(id))?;
            member(&mut event, "RelationshipTarget", target.as_deref())?;
        }
        member(&mut event, "EventId", Some(&notification.id))?;
        // The index stands inside the text, so that its quote comes after it.
        event.pop();
        event.push(b'#');
        let is_telemetry = matches!(notification.occurrence, Occurrence::Telemetry { .. });
        Ok(Self { time, twin, event, is_telemetry })
    }

    fn encode(&self, change: &Change<'_>, index: usize) -> serde_json::Result<Vec<u8>> {
        /// The names of the members, and what stands between them.
        const NAMES: usize = 128;

        let value = change.value.as_deref().map_or(json::NULL, RawValue::get);
        let common = self.time.len() + self.twin.len() + self.event.len();
        let mut body = Vec::with_capacity(common + change.key.as_str().len() + value.len() + NAMES);
        body.extend_from_slice(&self.time);
        member(&mut body, "SourceTimeStamp", change.source_time.as_deref())?;
        body.extend_from_slice(&self.twin);
        json::write_text(change.key.as_str(), &mut body)?;
        body.extend_from_slice(b",\"Value\":");
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(match change.value {
            _ if self.is_telemetry => b"",
            Some(_) => b",\"Action\":\"Update\"",
            None => b",\"Action\":\"Delete\"",
        });
        body.extend_from_slice(&self.event);
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
