//! A message as a queue keeps it ([`Queued`]) and as a test reads it ([`StoredMessage`]).
//!
//! What is kept is the message as its sender encoded it, once for all subscriptions of a topic.

use std::{collections::BTreeMap, sync::Arc};

use fe2o3_amqp_types::{
    messaging::{Body, Data, annotations::OwnedKey},
    primitives::{Timestamp, Value},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::settlement::Changes;
use crate::amqp::{
    message::{AmqpMessage, BATCH_FORMAT, content, decode, encode, json_of, text_of_id},
    refusal::Refusal,
};

/// Unpacks a transfer: all of its messages, each encoded, or none if any can't be read.
pub(super) fn unpack(transfer: Vec<u8>, format: Option<u32>) -> Result<Vec<Vec<u8>>, Refusal> {
    let no_message = || Refusal::new("amqp:decode-error", "The transfer holds something that is no AMQP message.");
    let message = decode(&transfer).ok_or_else(no_message)?;
    if format != Some(BATCH_FORMAT) {
        return Ok(vec![transfer]);
    }
    let Body::Data(sections) = message.body else { return Err(no_message()) };
    let messages: Vec<_> = sections.into_iter().map(|Data(section)| section.into_vec()).collect();
    if messages.is_empty() {
        return Err(Refusal::new("com.microsoft:argument-error", "A batch must not be empty."));
    }
    if messages.iter().all(|message| decode(message).is_some()) { Ok(messages) } else { Err(no_message()) }
}

/// A message in its place in a queue.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    /// As its sender encoded it.
    pub(super) encoded: Arc<Vec<u8>>,
    pub(super) sequence_number: i64,
    /// The sequence number that the topic gave it.
    pub(super) enqueue_sequence_number: i64,
    pub(super) enqueued_time: OffsetDateTime,
    /// How many deliveries came to nothing.
    pub(super) delivery_count: u32,
    /// What those who settled it have added to its application properties.
    pub(super) changes: Changes,
}

/// A lock on a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lock {
    /// What its holder shows.
    pub(super) token: Uuid,
    pub(super) until: OffsetDateTime,
}

impl Queued {
    /// The message as receivers get it, encoded: the sender's own, with its place and its lock annotated.
    pub(super) fn delivery(&self, lock: Option<Lock>) -> Result<Vec<u8>, Refusal> {
        let unreadable = || Refusal::new("amqp:internal-error", "The message can't be read any more.");
        let mut message = decode(&self.encoded).ok_or_else(unreadable)?;
        message.header.get_or_insert_default().delivery_count = self.delivery_count;
        let annotations = &mut message.message_annotations.get_or_insert_default().0;
        let mut annotate = |name: &str, value: Value| annotations.insert(OwnedKey::from(name), value);
        annotate("x-opt-sequence-number", Value::Long(self.sequence_number));
        annotate("x-opt-enqueue-sequence-number", Value::Long(self.enqueue_sequence_number));
        annotate("x-opt-enqueued-time", Value::Timestamp(Timestamp::from(self.enqueued_time)));
        if let Some(Lock { until, .. }) = lock {
            annotate("x-opt-locked-until", Value::Timestamp(Timestamp::from(until)));
        }
        self.apply_changes(&mut message);
        encode(message)
    }

    fn apply_changes(&self, message: &mut AmqpMessage) {
        if !self.changes.is_empty() {
            let properties = message.application_properties.get_or_insert_default();
            for (name, value) in &self.changes {
                properties.0.insert(name.clone(), value.clone());
            }
        }
    }
}

/// A message that a queue holds, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    /// Its place in the subscription, counted from 1.
    pub sequence_number: i64,
    /// When it came.
    pub enqueued_time: OffsetDateTime,
    /// How many deliveries came to nothing. Clients count the one that they have in their hands, too.
    pub delivery_count: u32,
    /// Until when it is locked, if it is.
    pub locked_until: Option<OffsetDateTime>,
    /// The message id, as text whatever its AMQP type.
    pub message_id: Option<String>,
    /// The content type of the body.
    pub content_type: Option<String>,
    /// The application properties; in the dead-letter queue with `DeadLetterReason` and `DeadLetterErrorDescription`.
    pub properties: BTreeMap<String, serde_json::Value>,
    /// The content.
    pub body: Vec<u8>,
}

impl StoredMessage {
    pub(super) fn of(queued: &Queued, lock: Option<Lock>) -> Option<Self> {
        let mut message = decode(&queued.encoded)?;
        queued.apply_changes(&mut message);
        let properties = message.properties.unwrap_or_default();
        Some(Self {
            sequence_number: queued.sequence_number,
            enqueued_time: queued.enqueued_time,
            delivery_count: queued.delivery_count,
            locked_until: lock.map(|lock| lock.until),
            message_id: properties.message_id.map(text_of_id),
            content_type: properties.content_type.map(|symbol| symbol.0),
            properties: message
                .application_properties
                .into_iter()
                .flat_map(|properties| properties.0)
                .map(|(name, value)| (name, json_of(value)))
                .collect(),
            body: content(message.body),
        })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}
