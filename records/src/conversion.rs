//! From an event to its records: all steps in one call.

use serde_json::value::RawValue;

use crate::{
    bad_event::BadEvent,
    config::Config,
    event,
    notification::{Event, Notification},
    record::{self, Records},
};

/// What one event turned into.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "lives on the stack, once at a time")]
pub enum Converted<'a> {
    /// The records of a notification; there may be none, as for a change of nothing but metadata.
    Records(Notification<'a>, Records),
    /// An event of a type that is not recorded.
    Ignored {
        /// The event's type as it names it.
        event_type: String,
    },
}

impl<'a> Converted<'a> {
    /// Makes the records of an event.
    pub fn of(event: Event<'a>, config: &Config, received_at: &str) -> Result<Self, BadEvent> {
        match event {
            Event::Ignored { event_type } => Ok(Self::Ignored { event_type: event_type.into_owned() }),
            Event::Notification(notification) => {
                let records = record::records(&notification, config, received_at)?;
                Ok(Self::Records(notification, records))
            }
        }
    }
}

/// Reads one event and turns it into records: all steps of the flow that need no hub.
pub fn convert<'a>(event: &'a RawValue, config: &Config, received_at: &str) -> Result<Converted<'a>, BadEvent> {
    Converted::of(event::read(event)?, config, received_at)
}
