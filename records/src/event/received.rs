//! An event with the text that it came as, read by the pass that finds where it ends.

use serde_json::value::RawValue;

use super::{
    envelope::Envelope,
    interpretation::{interpret, twin_updated},
    twin_update::TwinUpdate,
};
use crate::{bad_event::BadEvent, json::Reader, notification::Event};

/// One event of a delivery.
#[derive(Debug)]
pub struct Received<'a> {
    /// The event as it came: JSON.
    pub text: &'a str,
    /// What it says.
    pub event: Result<Event<'a>, BadEvent>,
}

impl<'a> Received<'a> {
    /// Takes the event that stands next. `None` is no JSON, or too deep.
    pub fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut ahead = *reader;
        if let Some(update) = Self::next_update(&mut ahead) {
            *reader = ahead;
            return Some(update);
        }
        reader.value().map(Self::by_levels)
    }

    /// Reads an event that stands by itself.
    pub fn of(event: &'a RawValue) -> Self {
        Self::next_update(&mut Reader::new(event.get())).unwrap_or_else(|| Self::by_levels(event))
    }

    /// Most events are updates of twins, which one pass reads down to the operations. `None` where it is something else,
    /// or anything is wrong with it.
    fn next_update(reader: &mut Reader<'a>) -> Option<Self> {
        let (text, update) = reader.with_text(TwinUpdate::next)?;
        let (envelope, update) = Envelope::of_update(update)?;
        Some(Self { text, event: twin_updated(envelope, update) })
    }

    /// Any event, read one level after the other as far as its type asks for it.
    pub(super) fn by_levels(event: &'a RawValue) -> Self {
        let read = Envelope::of(event).and_then(|(envelope, payload)| interpret(envelope, payload));
        Self { text: event.get(), event: read }
    }
}

/// Reads one event.
pub fn read(event: &RawValue) -> Result<Event<'_>, BadEvent> {
    Received::of(event).event
}
