//! What is told of a change: one notification of one of the seven kinds, as an event in either of Event Grid's schemas.
//!
//! The shapes are those of learn.microsoft.com, "Azure Digital Twins event notifications".

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{telemetry::Telemetry, timestamp::YEAR_ONE};
use crate::event_grid::Schema;

/// The kinds of notifications, by the `type` of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    TwinCreate,
    TwinUpdate,
    TwinDelete,
    RelationshipCreate,
    RelationshipUpdate,
    RelationshipDelete,
    Telemetry,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TwinCreate => "Microsoft.DigitalTwins.Twin.Create",
            Self::TwinUpdate => "Microsoft.DigitalTwins.Twin.Update",
            Self::TwinDelete => "Microsoft.DigitalTwins.Twin.Delete",
            Self::RelationshipCreate => "Microsoft.DigitalTwins.Relationship.Create",
            Self::RelationshipUpdate => "Microsoft.DigitalTwins.Relationship.Update",
            Self::RelationshipDelete => "Microsoft.DigitalTwins.Relationship.Delete",
            Self::Telemetry => "microsoft.iot.telemetry",
        }
    }
}

/// A notification. Its names are those of the CloudEvents schema, in which route filters see it.
#[derive(Debug)]
pub(super) struct Notification {
    pub(super) kind: Kind,
    pub(super) id: String,
    /// The host name of the service; of telemetry, with the twin behind it.
    pub(super) source: String,
    /// What changed; of telemetry, the component that it comes from, if any.
    pub(super) subject: Option<String>,
    /// What the Event Grid schema has as subject. Of telemetry that is the twin; with a component too is our reading.
    pub(super) event_grid_subject: String,
    /// When it changed. Telemetry has none.
    pub(super) time: Option<String>,
    /// The model that telemetry follows.
    pub(super) data_schema: Option<String>,
    pub(super) data: Value,
    /// The trace that this is part of. Each delivery is a span of its own.
    trace: Uuid,
}

impl Notification {
    /// A change of the thing named by `subject`.
    pub(super) fn of_change(kind: Kind, host_name: &str, subject: String, time: String, data: Value) -> Self {
        Self {
            kind,
            id: Uuid::new_v4().to_string(),
            source: host_name.to_owned(),
            event_grid_subject: subject.clone(),
            subject: Some(subject),
            time: Some(time),
            data_schema: None,
            data,
            trace: Uuid::new_v4(),
        }
    }

    /// Telemetry of a twin.
    pub(super) fn of_telemetry(host_name: &str, twin: &str, telemetry: Telemetry, model: String) -> Self {
        Self {
            kind: Kind::Telemetry,
            id: telemetry.message_id,
            source: format!("{host_name}/digitaltwins/{twin}"),
            subject: telemetry.component,
            event_grid_subject: twin.to_owned(),
            time: None,
            data_schema: Some(telemetry.data_schema.unwrap_or(model)),
            data: telemetry.payload,
            trace: Uuid::new_v4(),
        }
    }

    /// The twin that changed, or from which the relationship leads that did, or that sent. (No id has a slash in it.)
    pub(super) fn twin(&self) -> &str {
        self.event_grid_subject.split('/').next().unwrap_or_default()
    }

    /// The documentation's examples have this for telemetry, although the payload is no patch.
    pub(super) fn content_type(&self) -> &'static str {
        match self.kind {
            Kind::Telemetry => "application/json-patch+json; charset=utf-8",
            _ => "application/json",
        }
    }

    /// The event that is sent. `topic` is the name of the topic, for the schema that has one.
    pub(super) fn event(&self, schema: Schema, topic: &str) -> Value {
        match schema {
            Schema::EventGrid => self.event_grid_event(topic),
            Schema::CloudEvents => self.cloud_event(),
        }
    }

    fn event_grid_event(&self, topic: &str) -> Value {
        let mut data = Map::new();
        data.insert("data".to_owned(), self.data.clone());
        if let Some(model) = &self.data_schema {
            data.insert("dataschema".to_owned(), json!(model));
        }
        data.insert("contenttype".to_owned(), json!(self.content_type()));
        data.insert("traceparent".to_owned(), json!(self.trace_parent()));
        json!({
            "id": self.id,
            "subject": self.event_grid_subject,
            "data": data,
            "eventType": self.kind.name(),
            "dataVersion": "1.0",
            "metadataVersion": "1",
            "eventTime": self.time.as_deref().unwrap_or(YEAR_ONE),
            "topic": format!("/subscriptions/local/resourceGroups/local/providers/Microsoft.EventGrid/topics/{topic}"),
        })
    }

    fn cloud_event(&self) -> Value {
        let mut event = Map::new();
        let mut insert = |name: &str, value: Value| event.insert(name.to_owned(), value);
        insert("specversion", json!("1.0"));
        insert("id", json!(self.id));
        insert("type", json!(self.kind.name()));
        insert("source", json!(self.source));
        insert("data", self.data.clone());
        if let Some(model) = &self.data_schema {
            insert("dataschema", json!(model));
        }
        if let Some(subject) = &self.subject {
            insert("subject", json!(subject));
        }
        if let Some(time) = &self.time {
            insert("time", json!(time));
        }
        insert("datacontenttype", json!(self.content_type()));
        insert("traceparent", json!(self.trace_parent()));
        Value::Object(event)
    }

    /// The trace, with a new span: each delivery is one.
    pub(super) fn trace_parent(&self) -> String {
        let (span, _) = Uuid::new_v4().as_u64_pair();
        format!("00-{}-{span:016x}-01", self.trace.simple())
    }
}
