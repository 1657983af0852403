//! An answer to a request, and what such a request asks for.

use fe2o3_amqp_types::{
    messaging::{AmqpValue, ApplicationProperties, Body, Message, Properties},
    primitives::{SimpleValue, Value},
};

use super::message::AmqpMessage;

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: i32,
    pub(crate) description: String,
    pub(crate) body: Value,
}

impl Reply {
    /// An answer without content.
    pub(crate) fn status(status: i32, description: impl Into<String>) -> Self {
        Self { status, description: description.into(), body: Value::Null }
    }

    pub(crate) fn into_message(self, request: &AmqpMessage) -> AmqpMessage {
        let properties = ApplicationProperties::builder()
            .insert("status-code", self.status)
            .insert("status-description", self.description)
            .build();
        correlated(request, properties, self.body)
    }
}

/// The message that answers a request.
pub(crate) fn correlated(request: &AmqpMessage, properties: ApplicationProperties, body: Value) -> AmqpMessage {
    let id = request.properties.as_ref().and_then(|properties| properties.message_id.clone());
    Message::builder()
        .properties(Properties { correlation_id: id, ..Properties::default() })
        .application_properties(properties)
        .body(Body::Value(AmqpValue(body)))
        .build()
}

/// The text of one of a request's application properties.
pub(crate) fn property<'a>(request: &'a AmqpMessage, name: &str) -> Option<&'a str> {
    match request.application_properties.as_ref()?.get(name)? {
        SimpleValue::String(value) => Some(value),
        SimpleValue::Symbol(value) => Some(value.as_str()),
        _ => None,
    }
}
