//! What an event means, by its type.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::envelope::{Envelope, Payload, TWIN_UPDATE, Update};
use crate::{
    bad_event::BadEvent,
    flatten::Patch,
    json::Fields,
    notification::{Entity, Event, Notification, Occurrence},
};

/// What happened, by the type of the event.
pub(super) fn interpret<'a>(envelope: Envelope<'a>, payload: Payload<'a>) -> Result<Event<'a>, BadEvent> {
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
    if envelope.is_binary {
        return Err(BadEvent::NotJson);
    }
    let entity = entity(&envelope, payload)?;
    let (model_id, occurrence) = occurrence(&envelope, payload)?;
    Ok(Event::Notification(notification(envelope, id, entity, model_id, occurrence)))
}

/// The update of a twin, which is read already.
pub(super) fn twin_updated<'a>(envelope: Envelope<'a>, update: Update<'a>) -> Result<Event<'a>, BadEvent> {
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
