//! What the trigger tells of its messages (`ServiceBusTriggerBindingStrategy`). Nothing in it names queue, topic or
//! subscription.

use super::super::envelope::Metadata;
use super::super::function::Cardinality;
use super::super::message_data::{Field, describe};
use super::super::newtonsoft::{Moment, Token};
use super::message::ReceivedMessage;

/// Objects of .NET that are of no use to a handler: all that is left of them are braces.
const OBJECTS: [&str; 5] = ["MessageReceiver", "MessageSession", "MessageActions", "SessionActions", "ReceiveActions"];

const FIELDS: [(&str, Field<ReceivedMessage>); 21] = [
    ("DeliveryCount", Field::Value(|message| message.delivery_count.clone())),
    ("DeadLetterSource", Field::Value(|message| message.dead_letter_source.clone())),
    ("LockToken", Field::Value(|message| message.lock_token.clone())),
    ("ExpiresAtUtc", Field::Date(|message| message.expires_at, Moment::unspecified)),
    ("ExpiresAt", Field::Date(|message| message.expires_at, Moment::with_offset)),
    ("EnqueuedTimeUtc", Field::Date(|message| message.enqueued_time, Moment::unspecified)),
    ("EnqueuedTime", Field::Date(|message| message.enqueued_time, Moment::with_offset)),
    ("MessageId", Field::Value(|message| message.message_id.clone())),
    ("ContentType", Field::Value(|message| message.content_type.clone())),
    ("ReplyTo", Field::Value(|message| message.reply_to.clone())),
    ("SequenceNumber", Field::Value(|message| message.sequence_number.clone())),
    ("To", Field::Value(|message| message.to.clone())),
    ("Subject", Field::Value(|message| message.subject.clone())),
    ("Label", Field::Value(|message| message.subject.clone())),
    ("CorrelationId", Field::Value(|message| message.correlation_id.clone())),
    ("ApplicationProperties", Field::Value(|message| Token::Object(message.application_properties.clone()))),
    ("UserProperties", Field::Value(|message| Token::Object(message.application_properties.clone()))),
    ("SessionId", Field::Value(|message| message.session_id.clone())),
    ("ReplyToSessionId", Field::Value(|message| message.reply_to_session_id.clone())),
    ("PartitionKey", Field::Value(|message| message.partition_key.clone())),
    ("TransactionPartitionKey", Field::Value(|message| message.transaction_partition_key.clone())),
];

/// The metadata of an invocation with these messages, which `client` has received from a namespace.
pub(super) fn metadata(
    namespace: &str,
    client: &str,
    cardinality: Cardinality,
    messages: &[ReceivedMessage],
) -> Metadata {
    let mut metadata = Metadata::default();
    for name in OBJECTS {
        metadata.add(name, Token::object([]));
    }
    let client = Token::object([
        ("FullyQualifiedNamespace", Token::String(namespace.to_owned())),
        ("IsClosed", Token::Bool(false)),
        ("TransportType", Token::Integer("0".to_owned())),
        ("Identifier", Token::String(client.to_owned())),
    ]);
    metadata.add("Client", client);
    describe(&mut metadata, cardinality, &FIELDS, messages);
    metadata
}
