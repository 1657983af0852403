//! What Azure Digital Twins has to say: the second step of the flow.
//!
//! One event in either of Event Grid's schemas becomes one [`Notification`]: what happened to which twin or
//! relationship. The schemas differ in more than names: the Event Grid schema wraps the payload once more (`data.data`)
//! and does not name the instance. Source: learn.microsoft.com, "Azure Digital Twins event notifications".

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    flatten::{BadPayload, Patch},
    json::{Fields, NotUnicode},
};

mod envelope;
mod received;
mod twin_update;

use envelope::{Envelope, Payload, Update};
pub use received::Received;

/// The type of by far the most events.
const TWIN_UPDATE: &str = "Microsoft.DigitalTwins.Twin.Update";

/// One event of Azure Digital Twins. Texts borrow from the event.
#[derive(Debug)]
pub struct Notification<'a> {
    /// The event's id: unique per occurrence in one instance, the same in every redelivery.
    pub id: Cow<'a, str>,
    /// When Azure Digital Twins processed it, as received; `None` where the event has no usable time.
    pub time: Option<Cow<'a, str>>,
    /// The instance's host name, where the schema names it (CloudEvents does).
    pub service_id: Option<String>,
    /// The model (a DTMI) of the twin, or of the source twin of a relationship, where the event names it.
    pub model_id: Option<Cow<'a, str>>,
    /// The W3C trace context under which it happened.
    pub traceparent: Option<Cow<'a, str>>,
    /// What it happened to.
    pub entity: Entity<'a>,
    /// What happened.
    pub occurrence: Occurrence<'a>,
}

/// A node or an edge of the twin graph. Ids have whatever spaces and percent signs they have.
#[derive(Debug, PartialEq, Eq)]
pub enum Entity<'a> {
    /// A digital twin.
    Twin {
        /// Its `$dtId`.
        id: Cow<'a, str>,
    },
    /// A relationship between two twins.
    Relationship {
        /// Its `$relationshipId`, unique among those of its source.
        id: Cow<'a, str>,
        /// The twin that it goes out from.
        source: Cow<'a, str>,
        /// The twin that it leads to; an update does not name it.
        target: Option<Cow<'a, str>>,
        /// Its `$relationshipName`; an update does not name it.
        name: Option<Cow<'a, str>>,
    },
}

/// What happened to a twin or a relationship.
#[derive(Debug)]
pub enum Occurrence<'a> {
    /// It was created, with these properties.
    Created {
        /// All of it, an object.
        snapshot: &'a RawValue,
    },
    /// Some of its properties changed.
    Updated {
        /// How.
        patch: Patch<'a>,
    },
    /// It was deleted.
    Deleted,
    /// It (a twin) or one of its components sent a message, which leaves its properties as they are.
    Telemetry {
        /// The component's path, outermost first; empty for the twin itself.
        component: Vec<String>,
        /// What was sent, an object.
        payload: &'a RawValue,
    },
}

impl Entity<'_> {
    /// The twin whose history this belongs to: for a relationship its source.
    pub fn twin_id(&self) -> &str {
        match self {
            Self::Twin { id } => id,
            Self::Relationship { source, .. } => source,
        }
    }
}

/// What an event turned out to be.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "lives on the stack, once at a time")]
pub enum Event<'a> {
    /// Something to record.
    Notification(Notification<'a>),
    /// An event that is none of Azure Digital Twins'.
    Ignored {
        /// The event's type as it names it.
        event_type: Cow<'a, str>,
    },
}

/// Why an event can't be recorded, now or ever. It is set aside whole, for an operator to repair and replay.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadEvent {
    /// An array, a text, a number …
    #[error("The event is not a JSON object.")]
    NotAnObject,
    /// A member's name holds half of a surrogate pair.
    #[error("The event holds a name that is not Unicode.")]
    NotUnicode,
    /// Neither `type` (CloudEvents) nor `eventType` (Event Grid schema).
    #[error("The event has no type: it must be in the Event Grid schema (\"eventType\") or a CloudEvent (\"type\").")]
    NoType,
    /// Without an id its records would have no identity.
    #[error("The event has no \"id\".")]
    NoId,
    /// The subject names the twin.
    #[error("The event has no \"subject\", which names the twin.")]
    NoSubject,
    /// The subject of an event about a relationship names two things.
    #[error("The event's \"subject\" names no relationship: it must be <twin id>/relationships/<relationship id>.")]
    NoRelationship,
    /// Telemetry in a CloudEvent names its twin in the source only.
    #[error("The event's \"source\" names no twin: telemetry must come from <host>/digitaltwins/<twin id>.")]
    NoSource,
    /// An update without its patch.
    #[error(
        "The event has no patch: an update carries it in \"data.data.patch\" (Event Grid schema) or \"data.patch\" (CloudEvents)."
    )]
    NoPatch,
    /// A creation or telemetry without what was created or sent.
    #[error("The event has no payload: it belongs in \"data.data\" (Event Grid schema) or \"data\" (CloudEvents).")]
    NoPayload,
    /// The payload can't be recorded.
    #[error("The event can't be recorded: {0}.")]
    Payload(#[from] BadPayload),
    /// A record can't be written as JSON, which no event that was JSON should bring about.
    #[error("The event's records can't be written as JSON.")]
    Unwritable,
}

impl From<NotUnicode> for BadEvent {
    fn from(_: NotUnicode) -> Self {
        Self::NotUnicode
    }
}

/// Reads one event.
pub fn read(event: &RawValue) -> Result<Event<'_>, BadEvent> {
    Received::of(event).event
}

/// What happened, by the type of the event.
fn interpret<'a>(envelope: Envelope<'a>, payload: Payload<'a>) -> Result<Event<'a>, BadEvent> {
    let event_type = envelope.event_type.clone().ok_or(BadEvent::NoType)?;
    let (entity, occurrence): (ReadEntity, ReadOccurrence) = match &*event_type {
        "Microsoft.DigitalTwins.Twin.Create" => (twin, created),
        TWIN_UPDATE => (twin, updated),
        "Microsoft.DigitalTwins.Twin.Delete" => (twin, deleted),
        "Microsoft.DigitalTwins.Relationship.Create" => (relationship, created),
        "Microsoft.DigitalTwins.Relationship.Update" => (relationship, updated),
        "Microsoft.DigitalTwins.Relationship.Delete" => (relationship, deleted),
        "microsoft.iot.telemetry" => (sender, telemetry),
        _ => return Ok(Event::Ignored { event_type }),
    };
    let id = id(&envelope)?;
    let entity = entity(&envelope, payload)?;
    let (model_id, occurrence) = occurrence(&envelope, payload)?;
    Ok(Event::Notification(notification(envelope, id, entity, model_id, occurrence)))
}

/// The update of a twin, which is read already.
fn twin_updated<'a>(envelope: Envelope<'a>, update: Update<'a>) -> Result<Event<'a>, BadEvent> {
    let id = id(&envelope)?;
    let entity = twin(&envelope, None)?;
    let occurrence = Occurrence::Updated { patch: update.patch };
    Ok(Event::Notification(notification(envelope, id, entity, update.model_id, occurrence)))
}

fn notification<'a>(
    envelope: Envelope<'a>,
    id: Cow<'a, str>,
    entity: Entity<'a>,
    model_id: ModelId<'a>,
    occurrence: Occurrence<'a>,
) -> Notification<'a> {
    let (time, service_id) = (envelope.usable_time(), envelope.service_id());
    Notification { id, time, service_id, model_id, traceparent: envelope.traceparent, entity, occurrence }
}

fn id<'a>(envelope: &Envelope<'a>) -> Result<Cow<'a, str>, BadEvent> {
    envelope.id.clone().filter(|id| !id.is_empty()).ok_or(BadEvent::NoId)
}

type ReadEntity = for<'a> fn(&Envelope<'a>, Payload<'a>) -> Result<Entity<'a>, BadEvent>;
type ReadOccurrence = for<'a> fn(&Envelope<'a>, Payload<'a>) -> Result<(ModelId<'a>, Occurrence<'a>), BadEvent>;
type ModelId<'a> = Option<Cow<'a, str>>;

fn created<'a>(_: &Envelope<'a>, payload: Payload<'a>) -> Result<(ModelId<'a>, Occurrence<'a>), BadEvent> {
    let snapshot = payload.ok_or(BadEvent::NoPayload)?;
    Ok((model_of(snapshot)?, Occurrence::Created { snapshot }))
}

fn updated<'a>(_: &Envelope<'a>, payload: Payload<'a>) -> Result<(ModelId<'a>, Occurrence<'a>), BadEvent> {
    let payload = Fields::of(payload.ok_or(BadEvent::NoPatch)?)?;
    let patch = Patch::read(payload.get("patch").ok_or(BadEvent::NoPatch)?)?;
    Ok((payload.text("modelId"), Occurrence::Updated { patch }))
}

fn deleted<'a>(_: &Envelope<'a>, payload: Payload<'a>) -> Result<(ModelId<'a>, Occurrence<'a>), BadEvent> {
    Ok((payload.map(model_of).transpose()?.flatten(), Occurrence::Deleted))
}

fn telemetry<'a>(envelope: &Envelope<'a>, payload: Payload<'a>) -> Result<(ModelId<'a>, Occurrence<'a>), BadEvent> {
    let payload = payload.ok_or(BadEvent::NoPayload)?;
    // The Event Grid schema has no place for the component: its subject is the twin.
    let subject = if envelope.is_cloud_event { envelope.subject.as_deref().unwrap_or_default() } else { "" };
    let component = subject.split('.').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    Ok((envelope.data_schema.clone(), Occurrence::Telemetry { component, payload }))
}

/// The twin that sent telemetry. A CloudEvent has the component in the subject, so that the source has to name the twin.
fn sender<'a>(envelope: &Envelope<'a>, payload: Payload<'a>) -> Result<Entity<'a>, BadEvent> {
    if !envelope.is_cloud_event {
        return twin(envelope, payload);
    }
    let id = envelope.source().and_then(twin_of_source).ok_or(BadEvent::NoSource)?;
    Ok(Entity::Twin { id: Cow::Owned(id) })
}

fn twin<'a>(envelope: &Envelope<'a>, _: Payload<'a>) -> Result<Entity<'a>, BadEvent> {
    Ok(Entity::Twin { id: subject(envelope)? })
}

/// The source twin of a relationship stands in the subject only; the payload does not repeat it.
fn relationship<'a>(envelope: &Envelope<'a>, payload: Payload<'a>) -> Result<Entity<'a>, BadEvent> {
    let subject = subject(envelope)?;
    // Twin ids may hold anything, so the last separator is the one that counts.
    let (source, id) = subject.rsplit_once("/relationships/").ok_or(BadEvent::NoRelationship)?;
    let payload = payload.map(Fields::of).transpose()?.unwrap_or_default();
    Ok(Entity::Relationship {
        id: Cow::Owned(id.to_owned()),
        source: Cow::Owned(source.to_owned()),
        target: payload.text("$targetId"),
        name: payload.text("$relationshipName"),
    })
}

fn subject<'a>(envelope: &Envelope<'a>) -> Result<Cow<'a, str>, BadEvent> {
    envelope.subject.clone().filter(|subject| !subject.is_empty()).ok_or(BadEvent::NoSubject)
}

/// The model of a twin that is given as a whole.
fn model_of(snapshot: &RawValue) -> Result<Option<Cow<'_, str>>, BadEvent> {
    let metadata = Fields::of(snapshot)?.get("$metadata");
    Ok(metadata.map(Fields::of).transpose()?.and_then(|metadata| metadata.text("$model")))
}

/// The documentation shows `<host>/digitaltwins/<twin id>` and speaks of `<host>/<twin id>`.
fn twin_of_source(source: &str) -> Option<String> {
    let (_, id) = source.split_once("/digitaltwins/").or_else(|| source.split_once('/'))?;
    Some(id.to_owned()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests;
