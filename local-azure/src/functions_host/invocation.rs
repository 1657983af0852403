//! The invocations of an Event Grid trigger.
//!
//! With cardinality one, `Data` holds the event as an object. With cardinality many the host can't turn its array of
//! events into an object and falls back to JSON text: a string that holds an array, and so does `Metadata.data`, which
//! repeats the `data` of the events either way.

use super::envelope::{Data, Metadata, as_text, envelope};
use super::function::{Cardinality, EventGridFunction};
use super::newtonsoft::{Members, Token};

/// An event that is no JSON object: the host can't convert it and fails the invocation without calling the handler.
#[derive(Debug, thiserror::Error)]
#[error("Exception binding parameter: an event is no object")]
pub(super) struct NotAnObject;

/// What triggers an invocation.
#[derive(Debug, PartialEq)]
pub(super) enum TriggerValue {
    Event(Members),
    Batch(Vec<Members>),
}

impl TriggerValue {
    /// The invocations that a delivery gives.
    pub(super) fn of_delivery(cardinality: Cardinality, events: Vec<Token>) -> Vec<Result<Self, NotAnObject>> {
        let events = events.into_iter().map(|event| match event {
            Token::Object(members) => Ok(members),
            _ => Err(NotAnObject),
        });
        match cardinality {
            Cardinality::One => events.map(|event| event.map(Self::Event)).collect(),
            Cardinality::Many => vec![events.collect::<Result<_, _>>().map(Self::Batch)],
        }
    }

    /// The body of the request that invokes the function.
    pub(super) fn envelope(self, function: &EventGridFunction) -> String {
        let (value, data) = match self {
            Self::Event(event) => {
                let data = event.get("data").cloned().unwrap_or(Token::Null);
                (Token::Object(event), data)
            }
            Self::Batch(events) => {
                let data = events.iter().map(|event| event.get("data").cloned().unwrap_or(Token::Null)).collect();
                let events = events.into_iter().map(Token::Object).collect();
                (as_text(&Token::Array(events)), Token::Array(data))
            }
        };
        let mut metadata = Metadata::default();
        metadata.add("data", data);
        envelope(&function.name, &function.trigger.name, Data { value, text: None }, metadata, None)
    }
}
