//! An event as it comes out of the hub.

use std::sync::Arc;

use fe2o3_amqp_types::{
    messaging::{Body, DeliveryAnnotations, Message, MessageAnnotations, annotations::AnnotationKey},
    primitives::Value,
};
use tokio::sync::OwnedSemaphorePermit;

use crate::moment::{MILLISECOND, Nanoseconds};

/// An event as a consumer gets it.
#[derive(Debug)]
pub(crate) struct Event {
    /// The id of its partition.
    pub(crate) partition: Arc<str>,
    /// Its place in the partition, counted in events.
    pub(crate) sequence_number: i64,
    /// When the hub took it.
    pub(crate) enqueued: Nanoseconds,
    /// The sequence number of the partition's last event when this one was sent.
    pub(crate) last: Option<i64>,
    /// The content, as text.
    pub(crate) body: String,
    /// What it takes of the memory for events that wait.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

impl Event {
    /// Reads a message from the hub; `None` is one without a place, which is none of the hub's.
    pub(super) fn of(partition: &Arc<str>, message: Message<Body<Value>>) -> Option<Self> {
        let MessageAnnotations(annotations) = message.message_annotations?;
        let annotation = |name: &str| annotations.get(&name as &dyn AnnotationKey).and_then(long);
        let sequence_number = annotation("x-opt-sequence-number")?;
        let enqueued = annotation("x-opt-enqueued-time").unwrap_or(0).saturating_mul(MILLISECOND);
        let last = message.delivery_annotations.and_then(|DeliveryAnnotations(annotations)| {
            annotations.get(&"last_enqueued_sequence_number" as &dyn AnnotationKey).and_then(long)
        });
        let body = text(message.body);
        Some(Self { partition: Arc::clone(partition), sequence_number, enqueued, last, body, room: None })
    }
}

fn long(value: &Value) -> Option<i64> {
    match value {
        Value::Long(number) => Some(*number),
        Value::Timestamp(time) => Some(time.milliseconds()),
        _ => None,
    }
}

/// The body as text: data as nearly all clients send it, or a value that is some.
fn text(body: Body<Value>) -> String {
    let bytes = match body {
        Body::Data(data) => data.into_iter().fold(Vec::new(), |mut all, data| {
            let part = data.0.into_vec();
            if all.is_empty() {
                return part;
            }
            all.extend(part);
            all
        }),
        Body::Value(value) => match value.0 {
            Value::String(text) => return text,
            Value::Binary(bytes) => bytes.into_vec(),
            _ => Vec::new(),
        },
        Body::Sequence(_) | Body::Empty => Vec::new(),
    };
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
