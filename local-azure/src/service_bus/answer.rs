//! An answer of `$management`, which writes its status otherwise than `$cbs` does.

use fe2o3_amqp_types::{
    messaging::ApplicationProperties,
    primitives::{OrderedMap, SimpleValue, Symbol, Value},
};

use crate::amqp::{message::AmqpMessage, refusal::Refusal, reply::correlated};

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    status: i32,
    description: String,
    /// The AMQP condition of a failure.
    condition: Option<String>,
    body: Value,
}

impl Answer {
    /// An answer with one field.
    pub(super) fn success(name: &str, value: Value) -> Self {
        let fields = [(Value::String(name.to_owned()), value)];
        Self { body: Value::Map(OrderedMap::from_iter(fields)), ..Self::done() }
    }

    /// It is done.
    pub(super) fn done() -> Self {
        Self { status: 200, description: "OK".to_owned(), condition: None, body: Value::Map(OrderedMap::new()) }
    }

    /// There is nothing.
    pub(super) fn nothing() -> Self {
        Self { status: 204, description: "No Content".to_owned(), ..Self::done() }
    }

    /// It could not be done.
    pub(super) fn failure(status: i32, refusal: &Refusal) -> Self {
        let condition = Some(refusal.condition().to_owned());
        Self { status, description: refusal.description().to_owned(), condition, ..Self::done() }
    }

    pub(super) fn into_message(self, request: &AmqpMessage) -> AmqpMessage {
        let mut properties = ApplicationProperties::builder()
            .insert("statusCode", self.status)
            .insert("statusDescription", self.description)
            .build();
        if let Some(condition) = self.condition {
            properties.0.insert("errorCondition".to_owned(), SimpleValue::Symbol(Symbol::from(condition)));
        }
        correlated(request, properties, self.body)
    }
}
