//! The record format `data-history`: what the data history feature of Azure Digital Twins writes, and `EventId`.
//!
//! Source: learn.microsoft.com, "Azure Digital Twins data history", for names, meanings, and what is left out where.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Context, Record, RecordKind, encode, event_id};
use crate::{
    flatten::Change,
    notification::{Entity, Occurrence},
};

/// One value of one property.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PropertyRecord<'a> {
    time_stamp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_time_stamp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_id: Option<&'a str>,
    /// The twin; of a relationship's property, its source twin.
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<&'a str>,
    key: &'a str,
    /// Null where the property was removed.
    value: Option<&'a RawValue>,
    /// Telemetry has none: it leaves the properties as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<PropertyAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relationship_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relationship_target: Option<&'a str>,
    event_id: &'a str,
}

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
enum PropertyAction {
    Update,
    Delete,
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
    for change in changes {
        let event_id = event_id(&context.notification.id, records.len());
        let body = encode(&property_record(context, change, &event_id))?;
        records.push(Record { event_id, kind: RecordKind::Property, body });
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

fn property_record<'a>(context: &Context<'a>, change: &'a Change<'_>, event_id: &'a str) -> PropertyRecord<'a> {
    let notification = context.notification;
    let action = match (&notification.occurrence, &change.value) {
        (Occurrence::Telemetry { .. }, _) => None,
        (_, Some(_)) => Some(PropertyAction::Update),
        (_, None) => Some(PropertyAction::Delete),
    };
    let (relationship_id, relationship_target) = match &notification.entity {
        Entity::Twin { .. } => (None, None),
        Entity::Relationship { id, target, .. } => (Some(&**id), target.as_deref()),
    };
    PropertyRecord {
        time_stamp: context.time_stamp,
        source_time_stamp: change.source_time.as_deref(),
        service_id: context.service_id,
        id: notification.entity.twin_id(),
        model_id: notification.model_id.as_deref(),
        key: change.key.as_str(),
        value: change.value.as_deref(),
        action,
        relationship_id,
        relationship_target,
        event_id,
    }
}
