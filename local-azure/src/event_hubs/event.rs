//! An event in its three forms: as it comes in ([`Event`]), as a partition keeps it ([`Record`]) and as a test reads it
//! ([`StoredEvent`]).
//!
//! What is kept is the message as its producer encoded it. Decoded, it would take several times the memory, and nearly
//! all events are decoded once or never.

use std::collections::BTreeMap;

use fe2o3_amqp_types::{
    messaging::{
        Body, Data, MessageAnnotations,
        annotations::{AnnotationKey, OwnedKey},
    },
    primitives::{Timestamp, Value},
};
use time::OffsetDateTime;

use super::misbehaviour::Matching;
use crate::amqp::{
    message::{AmqpMessage, BATCH_FORMAT, content, decode, encode, properties_of, text_of_id},
    refusal::Refusal,
    sections::{MESSAGE_ANNOTATIONS, sections},
};

const PARTITION_KEY: &str = "x-opt-partition-key";

/// An event that has come in.
#[derive(Debug)]
pub(super) struct Event {
    /// The message as encoded by its producer.
    pub(super) encoded: Vec<u8>,
    pub(super) partition_key: Option<Box<str>>,
}

/// What one transfer brought.
#[derive(Debug)]
pub(super) struct Publication {
    /// The key by which the transfer as a whole is given a partition.
    pub(super) partition_key: Option<Box<str>>,
    pub(super) events: Vec<Event>,
}

impl Publication {
    /// Unpacks a transfer: all of its events, or none if any can't be read.
    pub(super) fn unpack(message: AmqpMessage, format: Option<u32>) -> Result<Self, Refusal> {
        let partition_key = message.message_annotations.as_ref().and_then(partition_key);
        let events = if format == Some(BATCH_FORMAT) {
            let Body::Data(sections) = message.body else {
                return Err(Refusal::new("amqp:decode-error", "A batch carries its events in data sections."));
            };
            let unpacked: Result<Vec<_>, _> = sections
                .into_iter()
                .map(|Data(section)| Event::of_section(section.into_vec(), partition_key.as_deref()))
                .collect();
            unpacked?
        } else {
            vec![Event { encoded: encode(message)?, partition_key: partition_key.clone() }]
        };
        if events.is_empty() {
            return Err(Refusal::new("com.microsoft:argument-error", "A batch must not be empty."));
        }
        Ok(Self { partition_key, events })
    }
}

impl Event {
    /// An event of a batch. Its own partition key counts, because producers that choose the partition themselves
    /// annotate the events and not the batch.
    fn of_section(encoded: Vec<u8>, key_of_batch: Option<&str>) -> Result<Self, Refusal> {
        let own_key = key_of_encoded(&encoded)?;
        Ok(Self { partition_key: own_key.or_else(|| key_of_batch.map(Box::from)), encoded })
    }

    /// Whether it is such an event.
    pub(super) fn is(&self, matching: &Matching) -> bool {
        let key = matching.partition_key.as_deref();
        let id = matching.message_id.as_deref();
        // The id last, because it has to be decoded.
        (key.is_none() || key == self.partition_key.as_deref()) && (id.is_none() || id == self.message_id().as_deref())
    }

    fn message_id(&self) -> Option<String> {
        decode(&self.encoded)?.properties?.message_id.map(text_of_id)
    }
}

/// An event in its place in a partition.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) sequence_number: i64,
    pub(super) offset: i64,
    pub(super) enqueued_time: OffsetDateTime,
    pub(super) event: Event,
}

impl Record {
    /// When the event came, as AMQP counts time.
    pub(super) fn enqueued_milliseconds(&self) -> i64 {
        Timestamp::from(self.enqueued_time).milliseconds()
    }

    /// The message as consumers get it: the producer's own, with its place annotated.
    pub(super) fn message(&self) -> Option<AmqpMessage> {
        let mut message = decode(&self.event.encoded)?;
        let annotations = &mut message.message_annotations.get_or_insert_default().0;
        let mut annotate = |name: &str, value: Value| annotations.insert(OwnedKey::from(name), value);
        annotate("x-opt-sequence-number", Value::Long(self.sequence_number));
        annotate("x-opt-offset", Value::String(self.offset.to_string()));
        annotate("x-opt-enqueued-time", Value::Timestamp(Timestamp::from(self.enqueued_milliseconds())));
        if let Some(key) = &self.event.partition_key {
            annotate(PARTITION_KEY, Value::String(key.to_string()));
        }
        Some(message)
    }
}

/// An event that a hub holds, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// The number of its partition, which is also the partition's id.
    pub partition: usize,
    /// Its place in the partition, counted in events.
    pub sequence_number: i64,
    /// Its place in the partition as the service writes it: opaque to clients, here a count of bytes.
    pub offset: String,
    /// When it came.
    pub enqueued_time: OffsetDateTime,
    /// The message id, as text whatever its AMQP type.
    pub message_id: Option<String>,
    /// The content type of the body.
    pub content_type: Option<String>,
    /// The partition key, also of events that were sent to a partition by its id.
    pub partition_key: Option<String>,
    /// The application properties.
    pub properties: BTreeMap<String, serde_json::Value>,
    /// The content.
    pub body: Vec<u8>,
}

impl StoredEvent {
    pub(super) fn of(partition: usize, record: &Record) -> Option<Self> {
        let message = decode(&record.event.encoded)?;
        let application_properties = properties_of(&message);
        let properties = message.properties.unwrap_or_default();
        Some(Self {
            partition,
            sequence_number: record.sequence_number,
            offset: record.offset.to_string(),
            enqueued_time: record.enqueued_time,
            message_id: properties.message_id.map(text_of_id),
            content_type: properties.content_type.map(|symbol| symbol.0),
            partition_key: record.event.partition_key.as_deref().map(str::to_owned),
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

/// The partition key in an encoded message, of which nothing else is decoded.
fn key_of_encoded(encoded: &[u8]) -> Result<Option<Box<str>>, Refusal> {
    let no_message = || Refusal::new("amqp:decode-error", "An event of the batch is not an AMQP message.");
    let sections = sections(encoded).ok_or_else(no_message)?;
    let Some((_, section)) = sections.iter().find(|(descriptor, _)| *descriptor == MESSAGE_ANNOTATIONS) else {
        return Ok(None);
    };
    serde_amqp::from_slice(section).map(|annotations| partition_key(&annotations)).map_err(|_| no_message())
}

fn partition_key(MessageAnnotations(annotations): &MessageAnnotations) -> Option<Box<str>> {
    match annotations.get(&PARTITION_KEY as &dyn AnnotationKey)? {
        Value::String(key) => Some(key.as_str().into()),
        Value::Symbol(key) => Some(key.as_str().into()),
        // The service ignores keys that are not text, and so do consumers.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp_types::messaging::{Batch, Message, MessageAnnotations, Properties};

    use super::*;

    fn message(body: &str, key: Option<&str>) -> AmqpMessage {
        Message::builder()
            .message_annotations(key.map(|key| MessageAnnotations::builder().insert(PARTITION_KEY, key).build()))
            .properties(Properties::builder().message_id(body.to_owned()).build())
            .body(Body::Data(Batch::new(vec![Data::from(body.as_bytes())])))
            .build()
    }

    fn batch(sections: Vec<Vec<u8>>, key: Option<&str>) -> AmqpMessage {
        let mut envelope = message("", key);
        envelope.body = Body::Data(Batch::new(sections.into_iter().map(Data::from).collect::<Vec<_>>()));
        envelope
    }

    fn keys(publication: &Publication) -> Vec<Option<&str>> {
        publication.events.iter().map(|event| event.partition_key.as_deref()).collect()
    }

    #[test]
    fn a_batch_is_unpacked_and_each_event_keeps_its_key() {
        let sections = vec![encode(message("one", Some("a"))).unwrap(), encode(message("two", None)).unwrap()];
        let publication = Publication::unpack(batch(sections.clone(), None), Some(BATCH_FORMAT)).unwrap();
        assert_eq!(publication.partition_key, None);
        assert_eq!(keys(&publication), [Some("a"), None]);
        assert_eq!(publication.events[0].encoded, sections[0]);

        let publication = Publication::unpack(batch(sections, Some("b")), Some(BATCH_FORMAT)).unwrap();
        assert_eq!(publication.partition_key.as_deref(), Some("b"));
        assert_eq!(keys(&publication), [Some("a"), Some("b")]);
    }

    #[test]
    fn a_batch_with_one_unreadable_event_gives_none() {
        let sections = vec![encode(message("one", None)).unwrap(), b"not a message".to_vec()];
        assert!(Publication::unpack(batch(sections, None), Some(BATCH_FORMAT)).is_err());
        assert!(Publication::unpack(batch(Vec::new(), None), Some(BATCH_FORMAT)).is_err());
    }

    #[test]
    fn a_single_event_comes_back_as_it_was() {
        let publication = Publication::unpack(message("hello", Some("a")), Some(0)).unwrap();
        let [event] = <[Event; 1]>::try_from(publication.events).unwrap();
        let record = Record { sequence_number: 7, offset: 70, enqueued_time: OffsetDateTime::UNIX_EPOCH, event };
        let stored = StoredEvent::of(2, &record).unwrap();
        assert_eq!(stored.text(), "hello");
        assert_eq!(stored.message_id.as_deref(), Some("hello"));
        assert_eq!(stored.partition_key.as_deref(), Some("a"));

        let annotations = record.message().unwrap().message_annotations.unwrap().0;
        assert_eq!(annotations.get(&"x-opt-sequence-number" as &dyn AnnotationKey), Some(&Value::Long(7)));
        assert_eq!(annotations.get(&"x-opt-offset" as &dyn AnnotationKey), Some(&Value::String("70".to_owned())));
    }
}
