//! Messages: encoded and decoded, and their contents as tests read them.

use std::collections::BTreeMap;

use fe2o3_amqp_types::{
    messaging::{
        Body, Data, Message, MessageId,
        message::{__private::Serializable, DecodeIntoMessage},
    },
    primitives::{SimpleValue, Value},
};
use serde_amqp::read::SliceReader;
use serde_json::json;
use uuid::Uuid;

use super::refusal::Refusal;

/// A message whose content may be anything.
pub(crate) type AmqpMessage = Message<Body<Value>>;

/// The message format that marks a batch: each data section of the body is a complete message.
pub(crate) const BATCH_FORMAT: u32 = 0x8001_3700;

pub(crate) fn decode(encoded: &[u8]) -> Option<AmqpMessage> {
    Body::<Value>::decode_message_from_reader(SliceReader::new(encoded)).ok()
}

/// The inverse. The library means the wrapper for itself, but has no other way to encode a message.
pub(crate) fn encode(message: AmqpMessage) -> Result<Vec<u8>, Refusal> {
    serde_amqp::to_vec(&Serializable(message))
        .map_err(|error| Refusal::new("amqp:decode-error", format!("The message can't be kept: {error}.")))
}

pub(crate) fn content(body: Body<Value>) -> Vec<u8> {
    match body {
        Body::Data(sections) => sections.into_iter().flat_map(|Data(section)| section.into_vec()).collect(),
        Body::Value(value) => match value.0 {
            Value::String(text) => text.into_bytes(),
            Value::Binary(bytes) => bytes.into_vec(),
            Value::Null => Vec::new(),
            other => other.to_string().into_bytes(),
        },
        Body::Sequence(_) | Body::Empty => Vec::new(),
    }
}

pub(crate) fn text_of_id(id: MessageId) -> String {
    match id {
        MessageId::String(id) => id,
        MessageId::Ulong(id) => id.to_string(),
        MessageId::Uuid(id) => Uuid::from_bytes(id.into_inner()).to_string(),
        MessageId::Binary(id) => String::from_utf8_lossy(&id).into_owned(),
    }
}

/// The application properties of a message.
pub(crate) fn properties_of(message: &AmqpMessage) -> BTreeMap<String, serde_json::Value> {
    let properties = message.application_properties.iter().flat_map(|properties| properties.0.iter());
    properties.map(|(name, value)| (name.clone(), json_of(value.clone()))).collect()
}

fn json_of(value: SimpleValue) -> serde_json::Value {
    match value {
        SimpleValue::Null => serde_json::Value::Null,
        SimpleValue::Bool(value) => json!(value),
        SimpleValue::Ubyte(value) => json!(value),
        SimpleValue::Ushort(value) => json!(value),
        SimpleValue::Uint(value) => json!(value),
        SimpleValue::Ulong(value) => json!(value),
        SimpleValue::Byte(value) => json!(value),
        SimpleValue::Short(value) => json!(value),
        SimpleValue::Int(value) => json!(value),
        SimpleValue::Long(value) => json!(value),
        SimpleValue::Float(value) => json!(value.0),
        SimpleValue::Double(value) => json!(value.0),
        SimpleValue::Char(value) => json!(value),
        SimpleValue::String(value) => json!(value),
        SimpleValue::Symbol(value) => json!(value.0),
        SimpleValue::Uuid(value) => json!(Uuid::from_bytes(value.into_inner()).to_string()),
        SimpleValue::Timestamp(value) => json!(value.milliseconds()),
        SimpleValue::Binary(value) => json!(value.into_vec()),
        other => json!(format!("{other:?}")),
    }
}
