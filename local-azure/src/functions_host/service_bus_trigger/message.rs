//! A message as the trigger hands it over (`ServiceBusReceivedMessage`).

use fe2o3_amqp_types::messaging::MessageId;
use fe2o3_amqp_types::primitives::Value;
use uuid::Uuid;

use super::super::broker::{Delivery, annotation, application_properties, body, milliseconds_of, text_of_id};
use super::super::newtonsoft::{Members, Moment, Token};

/// A message that is locked for this host. What may be missing is `null`.
#[derive(Debug)]
pub(super) struct ReceivedMessage {
    /// How often it has been delivered, this time included.
    pub(super) delivery_count: Token,
    pub(super) dead_letter_source: Token,
    pub(super) lock_token: Token,
    pub(super) expires_at: Moment,
    pub(super) enqueued_time: Moment,
    pub(super) message_id: Token,
    pub(super) content_type: Token,
    pub(super) reply_to: Token,
    pub(super) sequence_number: Token,
    pub(super) to: Token,
    pub(super) subject: Token,
    pub(super) correlation_id: Token,
    pub(super) application_properties: Members,
    pub(super) session_id: Token,
    pub(super) reply_to_session_id: Token,
    pub(super) partition_key: Token,
    pub(super) transaction_partition_key: Token,
    pub(super) body: Vec<u8>,
}

impl ReceivedMessage {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let message = delivery.message();
        let header = message.header.clone().unwrap_or_default();
        let properties = message.properties.clone().unwrap_or_default();
        let noted = |name: &str| match annotation(message, name) {
            Some(Value::String(text)) => Token::String(text.clone()),
            Some(Value::Symbol(text)) => Token::String(text.0.clone()),
            Some(Value::Long(number)) => Token::Integer(number.to_string()),
            _ => Token::Null,
        };
        let milliseconds = annotation(message, "x-opt-enqueued-time").and_then(milliseconds_of).unwrap_or_default();
        let enqueued_time = Moment::from_milliseconds(milliseconds);
        let expires_at = match (properties.absolute_expiry_time, header.ttl) {
            (Some(time), _) => Moment::from_milliseconds(time.milliseconds()),
            (None, Some(ttl)) => enqueued_time.after(ttl),
            (None, None) => Moment::MAX,
        };
        Self {
            delivery_count: Token::Integer(header.delivery_count.saturating_add(1).to_string()),
            dead_letter_source: noted("x-opt-deadletter-source"),
            lock_token: Token::String(lock_token(delivery.delivery_tag()).to_string()),
            expires_at,
            enqueued_time,
            message_id: id(properties.message_id.as_ref()),
            content_type: string(properties.content_type.map(|text| text.0)),
            reply_to: string(properties.reply_to),
            sequence_number: noted("x-opt-sequence-number"),
            to: string(properties.to),
            subject: string(properties.subject),
            correlation_id: id(properties.correlation_id.as_ref()),
            application_properties: application_properties(message),
            session_id: string(properties.group_id),
            reply_to_session_id: string(properties.reply_to_group_id),
            partition_key: noted("x-opt-partition-key"),
            transaction_partition_key: noted("x-opt-via-partition-key"),
            body: body(&message.body),
        }
    }
}

fn string(text: Option<String>) -> Token {
    text.map_or(Token::Null, Token::String)
}

fn id(id: Option<&MessageId>) -> Token {
    id.map_or(Token::Null, text_of_id)
}

/// The tag of a delivery is the token of the lock, in .NET's order of bytes.
fn lock_token(tag: &[u8]) -> Uuid {
    tag.try_into().map_or_else(|_| Uuid::nil(), Uuid::from_bytes_le)
}

/// The text of a body. A byte order mark decides how it is read (`MessageToStringConverter`).
pub(super) fn text(body: &[u8]) -> String {
    let utf16 = |body: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = body.as_chunks();
        let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
        let text = text.map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER));
        text.chain(rest.iter().map(|_| char::REPLACEMENT_CHARACTER)).collect()
    };
    match body {
        [0xFF, 0xFE, body @ ..] => utf16(body, u16::from_le_bytes),
        [0xFE, 0xFF, body @ ..] => utf16(body, u16::from_be_bytes),
        body => String::from_utf8_lossy(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_token_is_the_tag_as_dotnet_reads_it() {
        let tag: Vec<u8> = (0..16).collect();
        assert_eq!(lock_token(&tag).to_string(), "03020100-0504-0706-0809-0a0b0c0d0e0f");
        assert_eq!(lock_token(b"short"), Uuid::nil());
    }

    #[test]
    fn a_byte_order_mark_decides() {
        for (body, expected) in [
            (&b"caf\xc3\xa9"[..], "caf\u{e9}"),
            (b"\xef\xbb\xbfa", "a"),
            (b"\xff\xfe\x00\x01\x80\x22\x7b", "\u{100}\u{2280}\u{fffd}"),
            (b"\xfe\xff\x01\x00", "\u{100}"),
            (b"\xff\xff", "\u{fffd}\u{fffd}"),
            (b"", ""),
        ] {
            assert_eq!(text(body), expected);
        }
    }
}
