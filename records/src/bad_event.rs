//! Why an event can't be recorded.

use crate::{
    flatten::BadPayload,
    json::{MAX_DEPTH, NotUnicode},
};

/// Why an event can't be recorded, now or ever. It is set aside whole, for an operator to repair and replay.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadEvent {
    /// An array, a text, a number …
    #[error("The event is not a JSON object.")]
    NotAnObject,
    /// Deeper than anything that Azure Digital Twins emits.
    #[error("The event is nested deeper than {MAX_DEPTH} levels.")]
    TooDeep,
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
    /// A `CloudEvent` whose payload is bytes.
    #[error("The event's payload is not JSON: it stands in \"data_base64\", as bytes.")]
    NotJson,
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
