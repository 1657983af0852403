//! An event as AMQP encodes it, written straight into its bytes: half of the work for a record is this, if a library does
//! it that can encode everything.
//!
//! Source: OASIS, "AMQP Version 1.0", part 1 (types) and 3.2 (message format).

use crate::messages::{Message, Messages};

/// The descriptors of a message's sections, and the constructors of their types.
mod code {
    pub(super) const MESSAGE_ANNOTATIONS: u8 = 0x72;
    pub(super) const PROPERTIES: u8 = 0x73;
    pub(super) const APPLICATION_PROPERTIES: u8 = 0x74;
    pub(super) const DATA: u8 = 0x75;

    pub(super) const NULL: u8 = 0x40;
    pub(super) const BINARY: u8 = 0xb0;
    pub(super) const LIST: u8 = 0xd0;
    pub(super) const MAP: u8 = 0xd1;

    pub(super) const LONG_STRING: u8 = 0xb1;

    /// The constructor of a text of up to 255 bytes, and the one for more.
    pub(super) type Text = [u8; 2];
    pub(super) const STRING: Text = [0xa1, LONG_STRING];
    pub(super) const SYMBOL: Text = [0xa3, 0xb3];
}

impl Messages {
    /// The events as they travel.
    pub fn to_amqp(&self) -> impl Iterator<Item = Vec<u8>> {
        self.list().iter().filter_map(|message| event(self, message))
    }
}

/// The event as it travels; `None` if it is larger than AMQP can say. Each keeps its own partition key, as Microsoft's
/// buffered producers do it, although the batch goes to the partition by its id.
pub(super) fn event(messages: &Messages, message: &Message) -> Option<Vec<u8>> {
    /// What there is beside the body, if ids are not very long.
    const FRAME: usize = 384;

    let mut event = Vec::with_capacity(FRAME + messages.size(message));
    section(&mut event, code::MESSAGE_ANNOTATIONS);
    compound(&mut event, code::MAP, 2, |event| {
        text(event, code::SYMBOL, "x-opt-partition-key")?;
        text(event, code::STRING, messages.key())
    })?;
    section(&mut event, code::PROPERTIES);
    compound(&mut event, code::LIST, 7, |event| {
        sized(event, code::LONG_STRING, |event| {
            messages.write_id(message, event);
            Some(())
        })?;
        // user-id, to, subject, reply-to and correlation-id.
        event.extend_from_slice(&[code::NULL; 5]);
        text(event, code::SYMBOL, "application/json")
    })?;
    let properties = messages.properties(message);
    let items = 2 * u32::try_from(properties.clone().count()).ok()?;
    if items > 0 {
        section(&mut event, code::APPLICATION_PROPERTIES);
        compound(&mut event, code::MAP, items, |event| {
            for (name, value) in properties {
                text(event, code::STRING, name)?;
                text(event, code::STRING, value)?;
            }
            Some(())
        })?;
    }
    section(&mut event, code::DATA);
    sized(&mut event, code::BINARY, |event| {
        messages.write_body(message, event);
        Some(())
    })?;
    Some(event)
}

fn section(out: &mut Vec<u8>, descriptor: u8) {
    out.extend_from_slice(&[0x00, 0x53, descriptor]);
}

fn text(out: &mut Vec<u8>, [short, long]: code::Text, text: &str) -> Option<()> {
    if let Ok(length) = u8::try_from(text.len()) {
        out.extend_from_slice(&[short, length]);
    } else {
        out.push(long);
        out.extend_from_slice(&u32::try_from(text.len()).ok()?.to_be_bytes());
    }
    out.extend_from_slice(text.as_bytes());
    Some(())
}

/// A list or a map of so many items.
fn compound(
    out: &mut Vec<u8>,
    constructor: u8,
    items: u32,
    write: impl FnOnce(&mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    sized(out, constructor, |out| {
        out.extend_from_slice(&items.to_be_bytes());
        write(out)
    })
}

/// Something that has the number of its bytes before it.
fn sized(out: &mut Vec<u8>, constructor: u8, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
    out.push(constructor);
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out)?;
    let length = u32::try_from(out.len() - start - 4).ok()?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fe2o3_amqp_types::{
        messaging::{Body as AmqpBody, Message as AmqpMessage, message::__private::Deserializable},
        primitives::{Binary, SimpleValue, Value},
    };

    use super::*;
    use crate::messages::{Body, Entry, Group};

    fn messages(traceparent: Option<&str>, table: Option<&str>, text: &[u8]) -> Messages {
        let entry = Entry { end: text.len(), table: table.map(Arc::from) };
        let group = Group {
            key: "twin \"1\"".to_owned(),
            id: "e".to_owned(),
            traceparent: traceparent.map(str::to_owned),
            text: text.to_vec(),
            entries: vec![entry],
        };
        Messages::new(group, Body::Record)
    }

    fn decoded(encoded: &[u8]) -> AmqpMessage<AmqpBody<Value>> {
        serde_amqp::from_slice::<Deserializable<AmqpMessage<AmqpBody<Value>>>>(encoded).unwrap().0
    }

    #[test]
    fn a_library_reads_what_is_written() {
        let long = vec![b'1'; 70_000];
        for (traceparent, table, text) in [(None, None, b"{}".as_slice()), (Some("00-trace"), Some("Twins"), &long)] {
            let messages = messages(traceparent, table, text);
            let message = decoded(&event(&messages, &messages.list()[0]).unwrap());
            let annotations = message.message_annotations.unwrap();
            assert_eq!(
                annotations.0.iter().map(|(key, value)| format!("{key:?} {value:?}")).collect::<Vec<_>>(),
                [r#"Symbol(Symbol("x-opt-partition-key")) String("twin \"1\"")"#]
            );
            let properties = message.properties.unwrap();
            assert_eq!(properties.message_id, Some("e#0".to_owned().into()));
            assert_eq!(properties.content_type.unwrap().as_str(), "application/json");
            assert_eq!(properties.correlation_id, None);
            let text_of = |name: &str| {
                let properties = message.application_properties.as_ref()?;
                properties.0.get(name).map(|value| match value {
                    SimpleValue::String(text) => text.clone(),
                    other => panic!("{other:?}"),
                })
            };
            assert_eq!(text_of("Diagnostic-Id").as_deref(), traceparent);
            assert_eq!(text_of("Table").as_deref(), table);
            assert_eq!(text_of("Format"), table.map(|_| "json".to_owned()));
            let AmqpBody::Data(data) = message.body else { panic!("no data") };
            assert_eq!(data.into_inner()[0].0, Binary::from(text.to_vec()));
        }
    }
}
