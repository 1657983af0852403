//! An event with the text that it came as, read by the pass that finds where it ends.

use serde_json::value::RawValue;

use super::{
    envelope::Envelope,
    interpretation::{interpret, twin_updated},
    twin_update::TwinUpdate,
};
use crate::{
    bad_event::BadEvent,
    json::{Reader, is_too_deep},
    notification::Event,
};

/// One event of a delivery.
#[derive(Debug)]
pub struct Received<'a> {
    /// The event as it came: JSON.
    pub text: &'a str,
    /// What it says.
    pub event: Result<Event<'a>, BadEvent>,
}

impl<'a> Received<'a> {
    /// The events in the text of a delivery, which is an array of them, or one by itself. `None` where it is neither; an
    /// event that can't be understood is one all the same.
    pub fn all(text: &'a str) -> Option<Vec<Self>> {
        let text = text.trim_ascii();
        let mut reader = Reader::new(text);
        let mut received = Vec::new();
        let mut take = |reader: &mut Reader<'a>| Self::next(reader).map(|event| received.push(event));
        let taken = match text.as_bytes().first()? {
            b'[' => reader.array(take),
            b'{' => take(&mut reader),
            _ => return None,
        };
        if taken.is_some() && reader.is_at_end() {
            return Some(received);
        }
        // There is something unusual between the events, or one of them is too deep for the reader.
        let events: Vec<&RawValue> = if text.starts_with('[') {
            serde_json::from_str(text).ok()?
        } else {
            vec![serde_json::from_str(text).ok()?]
        };
        Some(events.into_iter().map(Self::of).collect())
    }

    /// Takes the event that stands next. `None` is no JSON, or too deep.
    fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut ahead = *reader;
        if let Some(update) = Self::next_update(&mut ahead) {
            *reader = ahead;
            return Some(update);
        }
        reader.value().map(Self::by_levels)
    }

    /// Reads an event that stands by itself.
    pub fn of(event: &'a RawValue) -> Self {
        if is_too_deep(event.get()) {
            return Self { text: event.get(), event: Err(BadEvent::TooDeep) };
        }
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
