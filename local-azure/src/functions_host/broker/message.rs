//! The parts of a message.

use fe2o3_amqp_types::messaging::annotations::AnnotationKey;
use fe2o3_amqp_types::messaging::{Body, Data, Message, MessageId};
use fe2o3_amqp_types::primitives::Value;
use uuid::Uuid;

use super::super::newtonsoft::{Members, Token};
use super::value::json_of_simple;

/// The bytes of the body. .NET's clients have none for a body that is a value, unless it is text or bytes.
pub(in super::super) fn body(body: &Body<Value>) -> Vec<u8> {
    match body {
        Body::Data(sections) => sections.iter().flat_map(|Data(section)| section.iter().copied()).collect(),
        Body::Value(value) => match &value.0 {
            Value::String(text) => text.clone().into_bytes(),
            Value::Binary(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        },
        Body::Sequence(_) | Body::Empty => Vec::new(),
    }
}

/// The application properties, in the order in which they were sent.
pub(in super::super) fn application_properties(message: &Message<Body<Value>>) -> Members {
    let properties = message.application_properties.iter().flat_map(|properties| properties.0.iter());
    properties.map(|(name, value)| (name.clone(), json_of_simple(value))).collect()
}

/// What the service noted on a message under that name.
pub(in super::super) fn annotation<'a>(message: &'a Message<Body<Value>>, name: &str) -> Option<&'a Value> {
    message.message_annotations.as_ref()?.0.get(&name as &dyn AnnotationKey)
}

/// An id as text, whatever its type.
pub(in super::super) fn text_of_id(id: &MessageId) -> Token {
    Token::String(match id {
        MessageId::String(id) => id.clone(),
        MessageId::Ulong(id) => id.to_string(),
        MessageId::Uuid(id) => Uuid::from_bytes(id.clone().into_inner()).to_string(),
        MessageId::Binary(id) => String::from_utf8_lossy(id).into_owned(),
    })
}
