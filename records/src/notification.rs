//! What Azure Digital Twins has to say: what happened to which twin or relationship.
//!
//! Source: learn.microsoft.com, "Azure Digital Twins event notifications".

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::flatten::Patch;

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
        /// The changes, as a JSON Patch.
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
