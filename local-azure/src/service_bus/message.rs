//! A message as a queue keeps it ([`Queued`]) and as a test reads it ([`StoredMessage`]).
//!
//! What is kept is the message as its sender encoded it, once for all subscriptions of a topic.

use std::{collections::BTreeMap, sync::Arc};

use fe2o3_amqp_types::{
    messaging::{Body, Data, Header, Message, MessageId, annotations::OwnedKey},
    primitives::{Timestamp, Value},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::settlement::Changes;
use crate::amqp::{
    message::{AmqpMessage, BATCH_FORMAT, content, decode, encode, properties_of, text_of_id},
    refusal::Refusal,
    sections::HEADER,
};

/// Unpacks a transfer: all of its messages, each encoded, or none if any can't be read.
pub(super) fn unpack(transfer: Vec<u8>, format: Option<u32>) -> Result<Vec<Vec<u8>>, Refusal> {
    if format != Some(BATCH_FORMAT) {
        return Ok(vec![identified(transfer)?]);
    }
    let Some(Message { body: Body::Data(sections), .. }) = decode(&transfer) else { return Err(no_message()) };
    let messages: Vec<_> =
        sections.into_iter().map(|Data(section)| identified(section.into_vec())).collect::<Result<_, _>>()?;
    if messages.is_empty() {
        return Err(Refusal::new("com.microsoft:argument-error", "A batch must not be empty."));
    }
    Ok(messages)
}

/// The message with an id: the service chooses one where its sender has not, and the JavaScript client relies on it.
fn identified(encoded: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    let mut message = decode(&encoded).ok_or_else(no_message)?;
    let id = &mut message.properties.get_or_insert_default().message_id;
    if id.is_some() {
        return Ok(encoded);
    }
    *id = Some(MessageId::String(Uuid::new_v4().simple().to_string()));
    encode(message)
}

fn no_message() -> Refusal {
    Refusal::new("amqp:decode-error", "The transfer holds something that is no AMQP message.")
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
        let header = message.header.take().unwrap_or_default();
        let annotations = &mut message.message_annotations.get_or_insert_default().0;
        let mut annotate = |name: &str, value: Value| annotations.insert(OwnedKey::from(name), value);
        annotate("x-opt-sequence-number", Value::Long(self.sequence_number));
        annotate("x-opt-enqueue-sequence-number", Value::Long(self.enqueue_sequence_number));
        annotate("x-opt-enqueued-time", Value::Timestamp(Timestamp::from(self.enqueued_time)));
        if let Some(Lock { until, .. }) = lock {
            annotate("x-opt-locked-until", Value::Timestamp(Timestamp::from(until)));
        }
        self.apply_changes(&mut message);
        Ok([header_section(&header, self.delivery_count), encode(message)?].concat())
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

/// The header with this delivery count. The library leaves a count of zero out, and the .NET client fails without one.
fn header_section(header: &Header, delivery_count: u32) -> Vec<u8> {
    let bool = |value| if value { [0x41] } else { [0x42] };
    let uint = |value: u32| [&[0x70][..], &value.to_be_bytes()].concat();
    let fields = [
        &bool(header.durable)[..],
        &[0x50, header.priority.0],
        &header.ttl.map_or_else(|| vec![0x40], uint),
        &bool(header.first_acquirer),
        &uint(delivery_count),
    ];
    let values = fields.concat();
    // Never more than fourteen bytes.
    let size = u8::try_from(1 + values.len()).unwrap_or(u8::MAX);
    [&[0x00, 0x53, HEADER, 0xc0, size, 5], values.as_slice()].concat()
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
        let application_properties = properties_of(&message);
        let properties = message.properties.unwrap_or_default();
        Some(Self {
            sequence_number: queued.sequence_number,
            enqueued_time: queued.enqueued_time,
            delivery_count: queued.delivery_count,
            locked_until: lock.map(|lock| lock.until),
            message_id: properties.message_id.map(text_of_id),
            content_type: properties.content_type.map(|symbol| symbol.0),
            properties: application_properties,
            body: content(message.body),
        })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp_types::{
        messaging::{Batch, Properties, annotations::AnnotationKey},
        primitives::SimpleValue,
    };

    use super::*;

    fn message(id: &str) -> AmqpMessage {
        Message::builder()
            .header(Header { ttl: Some(1_000), ..Header::default() })
            .properties(Properties::builder().message_id(id.to_owned()).build())
            .body(Body::Data(Batch::new(vec![Data::from(id.as_bytes())])))
            .build()
    }

    fn queued(encoded: Vec<u8>, delivery_count: u32) -> Queued {
        Queued {
            encoded: Arc::new(encoded),
            sequence_number: 7,
            enqueue_sequence_number: 9,
            enqueued_time: OffsetDateTime::UNIX_EPOCH,
            delivery_count,
            changes: vec![("seen".to_owned(), SimpleValue::Bool(true))],
        }
    }

    #[test]
    fn a_delivery_says_where_it_stands() {
        for count in [0, 3] {
            let until = OffsetDateTime::UNIX_EPOCH + std::time::Duration::from_secs(60);
            let lock = Lock { token: Uuid::nil(), until };
            let delivery = queued(encode(message("one")).unwrap(), count).delivery(Some(lock)).unwrap();
            // Present even if it is zero.
            assert_eq!(delivery[..6], [0x00, 0x53, 0x70, 0xc0, 15, 5]);
            let decoded = decode(&delivery).unwrap();
            let header = decoded.header.unwrap();
            assert_eq!((header.ttl, header.delivery_count), (Some(1_000), count));
            let annotations = decoded.message_annotations.unwrap().0;
            let annotation = |name: &str| annotations.get(&name as &dyn AnnotationKey).cloned();
            assert_eq!(annotation("x-opt-sequence-number"), Some(Value::Long(7)));
            assert_eq!(annotation("x-opt-enqueue-sequence-number"), Some(Value::Long(9)));
            assert_eq!(annotation("x-opt-locked-until"), Some(Value::Timestamp(Timestamp::from_milliseconds(60_000))));
            assert_eq!(decoded.application_properties.unwrap().0.get("seen"), Some(&SimpleValue::Bool(true)));
            assert_eq!(content(decoded.body), b"one");
        }
    }

    #[test]
    fn a_batch_is_unpacked_whole_or_not_at_all() {
        let batch = |sections: &[Vec<u8>]| {
            let sections: Vec<_> = sections.iter().cloned().map(Data::from).collect();
            unpack(
                encode(Message::builder().body(Body::Data(Batch::new(sections))).build()).unwrap(),
                Some(BATCH_FORMAT),
            )
        };
        let [one, two] = ["one", "two"].map(|id| encode(message(id)).unwrap());
        assert_eq!(batch(&[one.clone(), two.clone()]), Ok(vec![one.clone(), two]));
        assert!(batch(&[one.clone(), b"not a message".to_vec()]).is_err());
        assert!(batch(&[]).is_err());
        assert_eq!(unpack(one.clone(), Some(0)), Ok(vec![one]));
        assert!(unpack(b"not a message".to_vec(), None).is_err());
    }

    #[test]
    fn a_message_without_an_id_gets_one() {
        let nameless = || AmqpMessage { properties: None, ..message("one") };
        let ids = [(); 2].map(|()| {
            let [encoded] = <[_; 1]>::try_from(unpack(encode(nameless()).unwrap(), None).unwrap()).unwrap();
            let message = decode(&encoded).unwrap();
            assert_eq!(content(message.body), b"one");
            text_of_id(message.properties.unwrap().message_id.unwrap())
        });
        assert_ne!(ids[0], ids[1]);
        assert!(ids.iter().all(|id| Uuid::parse_str(id).is_ok()), "{ids:?}");
    }
}
