//! An event as the trigger hands it over: its place in the partition, its properties, its body.

use fe2o3_amqp_types::messaging::annotations::OwnedKey;
use fe2o3_amqp_types::messaging::{Body, Message, Properties};
use fe2o3_amqp_types::primitives::{Symbol, Timestamp, Value};

use super::super::broker::{annotation, application_properties, body, json_of, milliseconds_of, text_of_id};
use super::super::newtonsoft::{Members, Moment, Token};

const SEQUENCE_NUMBER: &str = "x-opt-sequence-number";
const OFFSET: &str = "x-opt-offset";
const ENQUEUED_TIME: &str = "x-opt-enqueued-time";
const PARTITION_KEY: &str = "x-opt-partition-key";

/// An event.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) sequence_number: i64,
    /// Opaque, though old clients take it for a number.
    pub(super) offset: String,
    pub(super) enqueued_time: Moment,
    pub(super) partition_key: Option<String>,
    /// The application properties.
    pub(super) properties: Members,
    /// What else the message has: its own properties, what the service noted, and both once more under other names.
    pub(super) system_properties: Members,
    pub(super) body: Vec<u8>,
}

impl Event {
    pub(super) fn of(message: &Message<Body<Value>>) -> Self {
        let text = |name: &str| match annotation(message, name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Symbol(text)) => Some(text.0.clone()),
            _ => None,
        };
        let sequence_number = match annotation(message, SEQUENCE_NUMBER) {
            Some(Value::Long(number)) => *number,
            _ => i64::MIN,
        };
        let milliseconds = annotation(message, ENQUEUED_TIME).and_then(milliseconds_of).unwrap_or_default();
        let mut event = Self {
            sequence_number,
            offset: text(OFFSET).unwrap_or_default(),
            enqueued_time: Moment::from_milliseconds(milliseconds),
            partition_key: text(PARTITION_KEY),
            properties: application_properties(message),
            system_properties: message.properties.as_ref().map(own_properties).unwrap_or_default(),
            body: body(&message.body),
        };
        event.system_properties.extend(annotations(message));
        let own = event.named_properties();
        event.system_properties.extend(own);
        event
    }

    /// The place in the partition once more, as the bindings of an earlier version had it.
    fn named_properties(&self) -> [(String, Token); 5] {
        [
            ("SequenceNumber", Token::Integer(self.sequence_number.to_string())),
            ("Offset", Token::Integer(self.offset.parse().unwrap_or(i64::MIN).to_string())),
            ("OffsetString", Token::String(self.offset.clone())),
            ("PartitionKey", self.partition_key.clone().map_or(Token::Null, Token::String)),
            ("EnqueuedTimeUtc", Token::String(self.enqueued_time.unspecified())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    }
}

/// The properties of the message itself, in the order of the standard.
fn own_properties(properties: &Properties) -> Members {
    let string = |text: &Option<String>| text.clone().map(Token::String);
    let symbol = |text: &Option<Symbol>| text.clone().map(|text| Token::String(text.0));
    let time = |time: &Option<Timestamp>| {
        time.as_ref().map(|time| Token::String(Moment::from_milliseconds(time.milliseconds()).with_offset()))
    };
    let members = [
        ("message-id", properties.message_id.as_ref().map(text_of_id)),
        ("user-id", properties.user_id.clone().map(|id| json_of(&Value::Binary(id)))),
        ("to", string(&properties.to)),
        ("subject", string(&properties.subject)),
        ("reply-to", string(&properties.reply_to)),
        ("correlation-id", properties.correlation_id.as_ref().map(text_of_id)),
        ("content-type", symbol(&properties.content_type)),
        ("content-encoding", symbol(&properties.content_encoding)),
        ("absolute-expiry-time", time(&properties.absolute_expiry_time)),
        ("creation-time", time(&properties.creation_time)),
        ("group-id", string(&properties.group_id)),
        ("group-sequence", properties.group_sequence.map(|number| Token::Integer(number.to_string()))),
        ("reply-to-group-id", string(&properties.reply_to_group_id)),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// What the service noted on the message, in its order.
fn annotations(message: &Message<Body<Value>>) -> impl Iterator<Item = (String, Token)> {
    let annotations = message.message_annotations.iter().flat_map(|annotations| annotations.0.iter());
    annotations.filter_map(|(key, value)| {
        let OwnedKey::Symbol(name) = key else { return None };
        // The one that the client gives another type.
        let enqueued = milliseconds_of(value).filter(|_| name.0 == ENQUEUED_TIME);
        let value = match enqueued {
            Some(time) => Token::String(Moment::from_milliseconds(time).with_offset()),
            None => json_of(value),
        };
        Some((name.0.clone(), value))
    })
}
