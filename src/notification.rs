//! What Azure Digital Twins has to say: the second step of the flow.
//!
//! One event in either of Event Grid's schemas becomes one [`Notification`]. The two differ in more than names: the
//! Event Grid schema wraps the payload once more (`data.data`) and does not name the instance. Source:
//! learn.microsoft.com, "Azure Digital Twins event notifications".

use std::borrow::Cow;

use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{flatten::BadPatch, json};

/// A property of a twin changed. Texts borrow from the event.
#[derive(Debug)]
pub struct Notification<'a> {
    /// The event's id: unique per change of one instance, the same in every redelivery.
    pub id: Cow<'a, str>,
    /// The twin's id (`$dtId`), with whatever spaces and percent signs it has.
    pub twin_id: Cow<'a, str>,
    /// When Azure Digital Twins processed the change, as received; `None` where the event has no usable time.
    pub time: Option<Cow<'a, str>>,
    /// The instance's host name, where the schema names it (CloudEvents does).
    pub service_id: Option<String>,
    /// The twin's model (a DTMI).
    pub model_id: Option<Cow<'a, str>>,
    /// The W3C trace context under which the change was made.
    pub traceparent: Option<Cow<'a, str>>,
    /// The change itself, a JSON Patch.
    pub patch: &'a RawValue,
}

/// What an event turned out to be.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something to record.
    Notification(Notification<'a>),
    /// A type of event that is not recorded.
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
    /// An update without its patch.
    #[error(
        "The event has no patch: an update carries it in \"data.data.patch\" (Event Grid schema) or \"data.patch\" (CloudEvents)."
    )]
    NoPatch,
    /// A record can't be written as JSON, which no event that was JSON should bring about.
    #[error("The event's records can't be written as JSON.")]
    Unwritable,
    /// The patch can't be recorded.
    #[error("The event can't be recorded: {0}.")]
    Patch(#[from] BadPatch),
}

const TWIN_UPDATE: &str = "Microsoft.DigitalTwins.Twin.Update";

/// Reads one event.
pub fn read(event: &RawValue) -> Result<Event<'_>, BadEvent> {
    let envelope = Envelope::read(event)?;
    let event_type = envelope.event_type.ok_or(BadEvent::NoType)?;
    if event_type != TWIN_UPDATE {
        return Ok(Event::Ignored { event_type });
    }
    let id = envelope.id.filter(|id| !id.is_empty()).ok_or(BadEvent::NoId)?;
    let twin_id = envelope.subject.filter(|subject| !subject.is_empty()).ok_or(BadEvent::NoSubject)?;

    let mut payload = Fields::of(envelope.data.ok_or(BadEvent::NoPatch)?)?;
    let mut traceparent = envelope.traceparent;
    if !envelope.is_cloud_event {
        traceparent = payload.text("traceparent");
        payload = Fields::of(payload.get("data").ok_or(BadEvent::NoPatch)?)?;
    }
    Ok(Event::Notification(Notification {
        id,
        twin_id,
        time: envelope.time.filter(|time| is_time(time)),
        service_id: envelope.source.as_deref().and_then(service_id),
        model_id: payload.text("modelId"),
        traceparent,
        patch: payload.get("patch").ok_or(BadEvent::NoPatch)?,
    }))
}

/// What the two schemas have in common, under the names of whichever the event is in.
struct Envelope<'a> {
    is_cloud_event: bool,
    event_type: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    subject: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    traceparent: Option<Cow<'a, str>>,
    data: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    fn read(event: &'a RawValue) -> Result<Self, BadEvent> {
        let Some(members) = json::members(event).map_err(|_| BadEvent::NotUnicode)? else {
            return Err(BadEvent::NotAnObject);
        };
        let fields = Fields(members);
        // Every CloudEvent carries `specversion`; `type` alone will do for one that lost it.
        let is_cloud_event = fields.get("specversion").is_some() || fields.get("eventType").is_none();
        let (event_type, time) = if is_cloud_event { ("type", "time") } else { ("eventType", "eventTime") };
        Ok(Self {
            is_cloud_event,
            event_type: fields.text(event_type),
            id: fields.text("id"),
            subject: fields.text("subject"),
            time: fields.text(time),
            source: if is_cloud_event { fields.text("source") } else { None },
            traceparent: fields.text("traceparent"),
            data: fields.get("data"),
        })
    }
}

/// The members of an object by name. A member given twice counts as the host counts it: the last one wins.
#[derive(Default)]
struct Fields<'a>(json::Members<'a>);

impl<'a> Fields<'a> {
    /// The fields of `value`; of anything that is no object, none.
    fn of(value: &'a RawValue) -> Result<Self, BadEvent> {
        Ok(Self(json::members(value).map_err(|_| BadEvent::NotUnicode)?.unwrap_or_default()))
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rfind(|(candidate, _)| candidate == name).map(|&(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(json::text)
    }
}

/// Whether `text` is a time that means one: telemetry carries 0001-01-01T00:00:00Z for "none".
fn is_time(text: &str) -> bool {
    OffsetDateTime::parse(text, &Rfc3339).is_ok_and(|time| time.year() > 1)
}

/// The host part of a `CloudEvent`'s source, `<host>` or `<host>/digitaltwins/<twin id>`.
fn service_id(source: &str) -> Option<String> {
    source.split('/').next().filter(|host| !host.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
