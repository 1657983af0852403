//! An event with the text that it came as, read by the pass that finds where it ends.

use serde::Deserialize;
use serde_json::{Deserializer, value::RawValue};

use super::{BadEvent, Event, envelope::Envelope, interpret, twin_update::TwinUpdate, twin_updated};
use crate::json::Object;

/// One event of a delivery.
#[derive(Debug)]
pub struct Received<'a> {
    /// The event as it came: JSON.
    pub text: &'a str,
    /// What it says.
    pub event: Result<Event<'a>, BadEvent>,
}

impl<'a> Received<'a> {
    /// Reads the event that `text` begins with, and answers what follows it. An error is no JSON.
    pub fn first(text: &'a str) -> serde_json::Result<(Self, &'a str)> {
        if let Some(update) = Self::first_update(text) {
            return Ok(update);
        }
        let (event, rest) = first(text)?;
        Ok((Self::by_levels(event), rest))
    }

    /// Reads an event that stands by itself.
    pub fn of(event: &'a RawValue) -> Self {
        Self::first_update(event.get()).map_or_else(|| Self::by_levels(event), |(update, _)| update)
    }

    /// Most events are updates of twins, which one pass reads down to the operations. `None` where it is something else,
    /// or anything is wrong with it.
    fn first_update(text: &'a str) -> Option<(Self, &'a str)> {
        let (Object(update), rest) = first::<Object<TwinUpdate<'_>>>(text).ok()?;
        let (envelope, update) = Envelope::of_update(update)?;
        let text = &text[..text.len() - rest.len()];
        Some((Self { text, event: twin_updated(envelope, update) }, rest))
    }

    /// Any event, read one level after the other as far as its type asks for it.
    pub(super) fn by_levels(event: &'a RawValue) -> Self {
        let read = Envelope::of(event).and_then(|(envelope, payload)| interpret(envelope, payload));
        Self { text: event.get(), event: read }
    }
}

/// The value that `text` begins with, and what follows it.
fn first<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<(T, &'a str)> {
    let mut deserializer = Deserializer::from_str(text);
    let value = T::deserialize(&mut deserializer)?;
    Ok((value, &text[deserializer.into_iter::<T>().byte_offset()..]))
}
