//! The envelope that the host posts to a custom handler for an Event Grid trigger.
//!
//! `{"Data":{"<binding>":…},"Metadata":{"data":…,"sys":{…}}}`. With cardinality one, `Data` holds the event as an
//! object. With cardinality many the host can't turn its array of events into an object and falls back to JSON text: a
//! string that holds an array, and so does `Metadata.data`, which repeats the `data` of the events either way.

use uuid::Uuid;

use super::function::{Cardinality, EventGridFunction};
use super::newtonsoft::{Members, Token, utc_now};

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
                let data = event.get("data").cloned();
                (Token::Object(event), data.and_then(binding_data))
            }
            Self::Batch(events) => {
                let data = events.iter().map(|event| event.get("data").cloned().unwrap_or(Token::Null)).collect();
                let events = events.into_iter().map(Token::Object).collect();
                (as_text(&Token::Array(events)), Some(as_text(&Token::Array(data))))
            }
        };
        let sys = Token::object([
            ("MethodName", Token::String(function.name.clone())),
            ("UtcNow", Token::String(utc_now())),
            ("RandGuid", Token::String(Uuid::new_v4().to_string())),
        ]);
        let mut metadata = Members::new();
        metadata.extend(data.map(|data| ("data".to_owned(), data)));
        metadata.insert("sys".to_owned(), sys);
        let data = Token::object([(function.trigger.name.as_str(), value)]);
        Token::object([("Data", data), ("Metadata", Token::Object(metadata))]).to_string()
    }
}

/// The `data` of one event: an object as it is, anything else as JSON text, `null` not at all.
fn binding_data(data: Token) -> Option<Token> {
    match data {
        Token::Null => None,
        Token::Object(_) => Some(data),
        other => Some(as_text(&other)),
    }
}

fn as_text(token: &Token) -> Token {
    Token::String(token.to_string())
}
