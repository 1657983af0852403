//! What the trigger tells of its events (`EventHubTriggerBindingStrategy`).

use super::super::envelope::Metadata;
use super::super::function::Cardinality;
use super::super::message_data::{Field, describe};
use super::super::newtonsoft::{Moment, Token};
use super::event::Event;

/// Where events come from.
#[derive(Debug)]
pub(super) struct PartitionContext<'a> {
    pub(super) namespace: &'a str,
    pub(super) hub: &'a str,
    pub(super) consumer_group: &'a str,
    pub(super) partition: &'a str,
    /// Whether the batch is followed by a checkpoint.
    pub(super) is_checkpointing: bool,
}

const FIELDS: [(&str, Field<Event>); 7] = [
    ("PartitionKey", Field::Value(|event| event.partition_key.clone().map_or(Token::Null, Token::String))),
    ("Offset", Field::Value(|event| Token::String(event.offset.clone()))),
    ("OffsetString", Field::Value(|event| Token::String(event.offset.clone()))),
    ("SequenceNumber", Field::Value(|event| Token::Integer(event.sequence_number.to_string()))),
    ("EnqueuedTimeUtc", Field::Date(|event| event.enqueued_time, Moment::unspecified)),
    ("Properties", Field::Value(|event| Token::Object(event.properties.clone()))),
    ("SystemProperties", Field::Value(|event| Token::Object(event.system_properties.clone()))),
];

impl PartitionContext<'_> {
    /// The metadata of an invocation with these events.
    pub(super) fn metadata(&self, cardinality: Cardinality, events: &[Event]) -> Metadata {
        let mut metadata = Metadata::default();
        for name in ["TriggerPartitionContext", "PartitionContext"] {
            metadata.add(name, self.json());
        }
        describe(&mut metadata, cardinality, &FIELDS, events);
        metadata
    }

    fn json(&self) -> Token {
        Token::object([
            ("IsCheckpointingAfterInvocation", Token::Bool(self.is_checkpointing)),
            ("FullyQualifiedNamespace", Token::String(self.namespace.to_owned())),
            ("EventHubName", Token::String(self.hub.to_owned())),
            ("ConsumerGroup", Token::String(self.consumer_group.to_owned())),
            ("PartitionId", Token::String(self.partition.to_owned())),
        ])
    }
}
