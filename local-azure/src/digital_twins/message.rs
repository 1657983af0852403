//! A notification as Event Hubs and Service Bus get it: the AMQP binding of CloudEvents 1.0 in binary mode. The data are
//! the body, the attributes application properties.
//!
//! Sources: learn.microsoft.com, "Azure Digital Twins event notifications"; the CloudEvents specification,
//! `amqp-protocol-binding.md`; and for what the body comes with a message that somebody published, dapr/components-contrib
//! #2095: all attributes are strings, there is a correlation id and no message id.

use fe2o3_amqp_types::{
    messaging::{ApplicationProperties, Batch, Body, Data, Message as AmqpMessage, MessageAnnotations, Properties},
    primitives::{SimpleValue, Value},
};
use uuid::Uuid;

use super::notification::Notification;

/// A notification on its way to an endpoint. What it says is the same however often it is sent.
#[derive(Debug)]
pub(super) struct Message {
    /// The twin that it is about, or whose relationship.
    pub(super) twin: String,
    content_type: &'static str,
    correlation_id: String,
    attributes: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Message {
    pub(super) fn of(notification: &Notification) -> Self {
        let mut attributes = vec![
            ("cloudEvents:id", notification.id.clone()),
            ("cloudEvents:source", notification.source.clone()),
            ("cloudEvents:specversion", "1.0".to_owned()),
            ("cloudEvents:type", notification.kind.name().to_owned()),
        ];
        for (name, attribute) in [
            ("cloudEvents:time", &notification.time),
            // That of telemetry is the component, as over HTTP (our reading; there is no example of it).
            ("cloudEvents:subject", &notification.subject),
            ("cloudEvents:dataschema", &notification.data_schema),
        ] {
            attributes.extend(attribute.clone().map(|value| (name, value)));
        }
        attributes.push(("cloudEvents:traceparent", notification.trace_parent()));
        Self {
            twin: notification.twin().to_owned(),
            content_type: notification.content_type(),
            correlation_id: Uuid::new_v4().to_string(),
            attributes,
            body: notification.data.to_string().into_bytes(),
        }
    }

    pub(super) fn to_amqp(&self, partition_key: Option<&str>) -> AmqpMessage<Body<Value>> {
        let properties =
            Properties::builder().content_type(self.content_type).correlation_id(self.correlation_id.clone()).build();
        let mut attributes = ApplicationProperties::default();
        for (name, value) in &self.attributes {
            attributes.insert((*name).to_owned(), SimpleValue::String(value.clone()));
        }
        let annotations =
            partition_key.map(|key| MessageAnnotations::builder().insert("x-opt-partition-key", key).build());
        AmqpMessage::builder()
            .message_annotations(annotations)
            .properties(properties)
            .application_properties(attributes)
            .body(Body::Data(Batch::new(vec![Data::from(self.body.as_slice())])))
            .build()
    }
}
