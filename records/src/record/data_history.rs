//! The record format `data-history`: what the data history feature of Azure Digital Twins writes, and `EventId`.
//!
//! Source: learn.microsoft.com, "Azure Digital Twins data history", for names, meanings, and what is left out where.

use serde_json::value::RawValue;

use super::{
    context::Context,
    list::{RecordKind, Records},
};
use crate::{
    flatten::Change,
    json,
    notification::{Entity, Occurrence},
};

/// The lifecycle record, if there is one, then one record per property.
pub(super) fn records(context: &Context<'_>, changes: &[Change<'_>]) -> serde_json::Result<Records> {
    let mut records = Records::default();
    match context.notification.occurrence {
        Occurrence::Created { .. } => lifecycle_record(context, "Create", &mut records)?,
        Occurrence::Deleted => lifecycle_record(context, "Delete", &mut records)?,
        Occurrence::Updated { .. } | Occurrence::Telemetry { .. } => {}
    }
    if !changes.is_empty() {
        PropertyRecords::of(context)?.write(changes, &mut records)?;
    }
    Ok(records)
}

/// The beginning or end of a twin or a relationship.
fn lifecycle_record(context: &Context<'_>, action: &str, records: &mut Records) -> serde_json::Result<()> {
    let &Context { notification, time_stamp, service_id } = context;
    // It is the first.
    let event_id = format!("{}#0", notification.id);
    let out = &mut records.text;
    out.push(b'{');
    member(out, "TimeStamp", Some(time_stamp))?;
    member(out, "ServiceId", service_id)?;
    let kind = match &notification.entity {
        Entity::Twin { id } => {
            member(out, "TwinId", Some(id))?;
            member(out, "Action", Some(action))?;
            member(out, "ModelId", notification.model_id.as_deref())?;
            RecordKind::Twin
        }
        Entity::Relationship { id, source, target, name } => {
            member(out, "RelationshipId", Some(id))?;
            member(out, "Name", name.as_deref())?;
            member(out, "Source", Some(source))?;
            member(out, "Target", target.as_deref())?;
            member(out, "Action", Some(action))?;
            RecordKind::Relationship
        }
    };
    member(out, "EventId", Some(&event_id))?;
    out.push(b'}');
    records.end(kind);
    Ok(())
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

    fn write(&self, changes: &[Change<'_>], records: &mut Records) -> serde_json::Result<()> {
        /// What a record has of its own: key, value, and the names of the members.
        const OWN: usize = 128;

        records.text.reserve(changes.len() * (self.common.len() + OWN));
        records.list.reserve(changes.len());
        for change in changes {
            self.record(change, records.len(), &mut records.text)?;
            records.end(RecordKind::Property);
        }
        Ok(())
    }

    fn record(&self, change: &Change<'_>, index: usize, out: &mut Vec<u8>) -> serde_json::Result<()> {
        out.extend_from_slice(&self.common[..self.source_time]);
        member(out, "SourceTimeStamp", change.source_time.as_deref())?;
        out.extend_from_slice(&self.common[self.source_time..self.key]);
        json::write_text(change.key.as_str(), out)?;
        out.extend_from_slice(b",\"Value\":");
        out.extend_from_slice(change.value.as_deref().map_or(json::NULL, RawValue::get).as_bytes());
        out.extend_from_slice(match change.value {
            _ if self.is_telemetry => b"",
            Some(_) => b",\"Action\":\"Update\"",
            None => b",\"Action\":\"Delete\"",
        });
        out.extend_from_slice(&self.common[self.key..]);
        out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
        out.extend_from_slice(b"\"}");
        Ok(())
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
