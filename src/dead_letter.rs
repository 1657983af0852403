//! Events that can never be forwarded, kept with the reason: beside the flow, for an operator to repair and replay.
//!
//! The shape is that of Event Grid's own dead letters (learn.microsoft.com, "Event Grid message delivery and retry"),
//! so that one tool reads both: a JSON array of the events as they came, each with some members more. CloudEvents name
//! these in lower case.

use std::borrow::Cow;

use serde::{
    Serialize, Serializer,
    ser::{Error, SerializeMap},
};
use serde_json::value::{RawValue, to_raw_value};
use twin_records::{BadEvent, json};

/// What Event Grid adds to an event that it gives up. The bridge adds some of it.
const ADDED: [&str; 6] = [
    "deadLetterReason",
    "deliveryAttempts",
    "lastDeliveryOutcome",
    "lastHttpStatusCode",
    "publishTime",
    "lastDeliveryAttemptTime",
];

/// Why an event was set aside.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The event can't be understood.
    #[error(transparent)]
    Bad(#[from] BadEvent),
    /// The hub does not take a record of its size.
    #[error("A record is larger than an event that the event hub takes.")]
    TooLarge,
}

impl Reason {
    /// Event Grid's own word for it.
    fn outcome(&self) -> &'static str {
        match self {
            Self::Bad(_) => "BadRequest",
            Self::TooLarge => "PayloadTooLarge",
        }
    }
}

/// One event that was set aside.
#[derive(Debug)]
pub struct DeadLetter<'a> {
    /// The event as it came: JSON.
    pub event: &'a str,
    /// Why it was set aside.
    pub reason: Reason,
    /// When it was received, as an RFC 3339 time.
    pub received_at: &'a str,
}

impl Serialize for DeadLetter<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event: &RawValue = serde_json::from_str(self.event).map_err(S::Error::custom)?;
        let members = json::members(event).ok().flatten();
        let is_cloud_event = members.iter().flatten().any(|(name, _)| name == "specversion");
        let [reason, outcome, time] = if is_cloud_event {
            ["deadletterreason", "lastdeliveryoutcome", "lastdeliveryattempttime"]
        } else {
            ["deadLetterReason", "lastDeliveryOutcome", "lastDeliveryAttemptTime"]
        };

        let mut map = serializer.serialize_map(None)?;
        match &members {
            // An event that was a dead letter before carries the old reason; the new one takes its place.
            Some(members) => {
                for (name, value) in members.iter().filter(|(name, _)| ![reason, outcome, time].contains(&&**name)) {
                    map.serialize_entry(name, value)?;
                }
            }
            None => map.serialize_entry("event", event)?,
        }
        map.serialize_entry(reason, &self.reason.to_string())?;
        map.serialize_entry(outcome, self.reason.outcome())?;
        map.serialize_entry(time, self.received_at)?;
        map.end()
    }
}

/// The event of a dead letter as it was published, by which the dead letters of one event are told to be that.
pub fn published(letter: &RawValue) -> Cow<'_, RawValue> {
    struct Event<'a>(json::Members<'a>);

    impl Serialize for Event<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
        }
    }

    let Ok(Some(mut members)) = json::members(letter) else { return Cow::Borrowed(letter) };
    members.retain(|(name, _)| !ADDED.iter().any(|added| added.eq_ignore_ascii_case(name)));
    to_raw_value(&Event(members)).map_or(Cow::Borrowed(letter), Cow::Owned)
}

#[cfg(test)]
mod tests;
