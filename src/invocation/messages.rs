//! The Event Hubs and the Service Bus trigger: messages, whose attributes stand beside them.
//!
//! With cardinality many the host writes all bodies into one array and each kind of attribute into another, index by
//! index. A body stands there as base64 (`dataType` binary), as text (string), or parsed and written again (none). With
//! cardinality one there is one of each, and only binary is taken: with any other type the host lets members of a body
//! overwrite the attributes of its message, so that whoever may send telemetry could pass for anybody.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use twin_records::json;

use super::{
    bad_invocation::BadInvocation,
    cloud_event::Message,
    envelope::{Envelope, Metadata},
};
use crate::delivery::{Delivery, Position, Timeout};

/// The messages of an invocation, taken out of its body: each text is a JSON array.
#[derive(Debug)]
pub(super) struct Messages {
    bodies: String,
    /// The application properties.
    properties: String,
    content_types: Vec<Option<String>>,
    sequence_numbers: Vec<i64>,
    enqueued: Vec<String>,
    /// The queue: a partition of an event hub, or what the host tells of a subscription.
    source: String,
    timeout: Timeout,
}

impl Messages {
    /// The messages of an invocation; `None` if its trigger has none.
    pub(super) fn of(envelope: &Envelope<'_>) -> Result<Option<Self>, BadInvocation> {
        let metadata = &envelope.metadata;
        let bodies = || envelope.binding()?.ok_or(BadInvocation::NotMessages);
        // Cardinality one comes first: there a body could bring metadata that looks like that of many.
        if metadata.properties.is_some() || metadata.application_properties.is_some() {
            Self::one(bodies()?, metadata).ok_or(BadInvocation::OneAsText).map(Some)
        } else if metadata.properties_array.is_some() || metadata.application_properties_array.is_some() {
            Self::many(bodies()?, metadata).ok_or(BadInvocation::NotMessages).map(Some)
        } else {
            Ok(None)
        }
    }

    fn one(body: &RawValue, metadata: &Metadata<'_>) -> Option<Self> {
        // Whatever is no binary comes as a string in a string.
        BASE64_STANDARD.decode(&*json::text(body)?).ok()?;
        let content_type = match metadata.system_properties {
            Some(properties) => serde_json::from_str::<SystemProperties>(properties.get()).ok()?.content_type,
            None => metadata.content_type.and_then(unwrapped),
        };
        Some(Self {
            bodies: format!("[{body}]"),
            properties: format!("[{}]", metadata.properties.or(metadata.application_properties)?),
            content_types: vec![content_type],
            sequence_numbers: vec![unwrapped(metadata.sequence_number?)?],
            enqueued: vec![json::text(metadata.enqueued_time_utc?)?.into_owned()],
            source: source(metadata)?,
            timeout: timeout(metadata),
        })
    }

    fn many(bodies: &RawValue, metadata: &Metadata<'_>) -> Option<Self> {
        let content_types = match metadata.system_properties_array {
            Some(properties) => {
                let properties: Vec<SystemProperties> = unwrapped(properties)?;
                properties.into_iter().map(|properties| properties.content_type).collect()
            }
            None => unwrapped(metadata.content_type_array?)?,
        };
        Some(Self {
            bodies: string(bodies)?,
            properties: string(metadata.properties_array.or(metadata.application_properties_array)?)?,
            content_types,
            sequence_numbers: unwrapped(metadata.sequence_number_array?)?,
            enqueued: unwrapped(metadata.enqueued_time_utc_array?)?,
            source: source(metadata)?,
            timeout: timeout(metadata),
        })
    }

    /// The messages as events.
    pub(super) fn into_delivery(self) -> Result<Delivery, BadInvocation> {
        let Self { bodies, properties, content_types, sequence_numbers, enqueued, source, timeout } = self;
        let mut events = Vec::with_capacity(bodies.len() + properties.len());
        let bodies: Vec<&RawValue> = serde_json::from_str(&bodies).map_err(|_| BadInvocation::NotMessages)?;
        let properties: Vec<&RawValue> = serde_json::from_str(&properties).map_err(|_| BadInvocation::NotMessages)?;
        if [properties.len(), content_types.len(), sequence_numbers.len(), enqueued.len()] != [bodies.len(); 4] {
            return Err(BadInvocation::NotMessages);
        }
        for (index, body) in bodies.into_iter().enumerate() {
            let message = Message {
                properties: properties[index],
                content_type: content_types[index].as_deref(),
                enqueued: &enqueued[index],
                body: &bytes(body),
            };
            events.push(if index == 0 { b'[' } else { b',' });
            serde_json::to_writer(&mut events, &message).map_err(|_| BadInvocation::NotMessages)?;
        }
        events.extend_from_slice(if sequence_numbers.is_empty() { b"[]" } else { b"]" });
        let events = String::from_utf8(events).map_err(|_| BadInvocation::NotMessages)?;
        let positions = sequence_numbers.iter().map(|number| Position(format!("{source}/{number}"))).collect();
        Ok(Delivery { events, positions, timeout })
    }
}

#[derive(Deserialize)]
struct SystemProperties {
    #[serde(rename = "content-type")]
    content_type: Option<String>,
}

/// What is told apart by sequence numbers. The host tells neither the topic nor the subscription.
fn source(metadata: &Metadata<'_>) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct PartitionContext<'a> {
        #[serde(borrow)]
        fully_qualified_namespace: Cow<'a, str>,
        #[serde(borrow)]
        event_hub_name: Cow<'a, str>,
        #[serde(borrow)]
        partition_id: Cow<'a, str>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Client {
        fully_qualified_namespace: String,
    }

    match metadata.partition_context {
        Some(context) => {
            let PartitionContext { fully_qualified_namespace, event_hub_name, partition_id } =
                serde_json::from_str(context.get()).ok()?;
            Some(format!("{fully_qualified_namespace}/{event_hub_name}/{partition_id}"))
        }
        None => Some(serde_json::from_str::<Client>(metadata.client?.get()).ok()?.fully_qualified_namespace),
    }
}

fn timeout(metadata: &Metadata<'_>) -> Timeout {
    if metadata.partition_context.is_some() { Timeout::Delivery } else { Timeout::ServiceBus }
}

/// The bytes of a body. ADT's are JSON objects, whose text is no base64.
fn bytes(body: &RawValue) -> Cow<'_, [u8]> {
    match json::text(body) {
        None => Cow::Borrowed(body.get().as_bytes()),
        Some(text) => match BASE64_STANDARD.decode(&*text) {
            Ok(bytes) => Cow::Owned(bytes),
            Err(_) => Cow::Owned(text.into_owned().into_bytes()),
        },
    }
}

/// What a string holds, or the text of anything else.
fn string(value: &RawValue) -> Option<String> {
    if !value.get().starts_with('"') {
        return Some(value.get().to_owned());
    }
    match json::first_string(value.get().as_bytes()) {
        Some((string, _)) => Some(string),
        None => serde_json::from_str(value.get()).ok(),
    }
}

/// What a string that holds JSON means, as the host writes whatever is no object.
fn unwrapped<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    serde_json::from_str(&string(value)?).ok()
}

#[cfg(test)]
mod tests;
