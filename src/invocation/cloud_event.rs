//! A message becomes the `CloudEvent` that it is, in the one form that the rest of the flow reads and dead letters keep.
//!
//! Source: "AMQP Protocol Binding for `CloudEvents`", binary mode, and "JSON Event Format for `CloudEvents`"
//! (cloudevents/spec, version 1.0.2).

use std::{borrow::Cow, str};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{
    Serialize, Serializer,
    ser::{Error, SerializeMap},
};
use serde_json::value::RawValue;
use twin_records::json;

/// What stands before an attribute's name in the name of an application property. The second is for libraries that
/// can't write the first.
const PREFIXES: [&str; 2] = ["cloudEvents:", "cloudEvents_"];

/// The body's own names in the event.
const BODY: [&str; 2] = ["data", "data_base64"];

/// A message in binary mode.
#[derive(Debug)]
pub(super) struct Message<'a> {
    /// Its application properties, a JSON object: the attributes of the event, and whatever else.
    pub(super) properties: &'a RawValue,
    pub(super) content_type: Option<&'a str>,
    /// When it came into its queue: an RFC 3339 time in UTC, perhaps without an offset.
    pub(super) enqueued: &'a str,
    pub(super) body: &'a [u8],
}

impl Message<'_> {
    /// The attributes of the event by their names, which are in lower case.
    fn attributes(&self) -> Result<Vec<(Cow<'_, str>, &RawValue)>, json::NotUnicode> {
        let mut attributes = Vec::new();
        for prefix in PREFIXES {
            for (property, value) in json::members(self.properties)?.unwrap_or_default() {
                let Some((before, name)) = property.split_at_checked(prefix.len()) else { continue };
                let name = name.to_ascii_lowercase();
                let is_known = BODY.contains(&&*name) || attributes.iter().any(|(known, _)| *known == name);
                if before.eq_ignore_ascii_case(prefix) && !is_known && value.get() != json::NULL {
                    attributes.push((Cow::Owned(name), value));
                }
            }
        }
        Ok(attributes)
    }

    /// As an RFC 3339 time.
    fn enqueued(&self) -> Cow<'_, str> {
        let has_offset = self.enqueued.rfind(['Z', '+', '-']).is_some_and(|at| at > "2024-11-27".len());
        if has_offset { Cow::Borrowed(self.enqueued) } else { Cow::Owned(format!("{}Z", self.enqueued)) }
    }
}

/// The event. Without a type it is nobody's, and will be ignored as such.
impl Serialize for Message<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let attributes = self.attributes().map_err(|_| S::Error::custom("a property's name is not Unicode"))?;
        let mut event = serializer.serialize_map(None)?;
        for (name, value) in &attributes {
            event.serialize_entry(name, value)?;
        }
        let enqueued = self.enqueued();
        let defaults = [
            ("specversion", Some("1.0")),
            ("type", Some("")),
            ("time", Some(&*enqueued)),
            ("datacontenttype", self.content_type),
        ];
        for (name, value) in defaults {
            if let Some(value) = value
                && !attributes.iter().any(|(attribute, _)| attribute == name)
            {
                event.serialize_entry(name, value)?;
            }
        }
        // Looked at as a whole: something that only the event around it makes JSON could bring attributes of its own.
        match str::from_utf8(self.body).ok().and_then(|body| serde_json::from_str::<&RawValue>(body).ok()) {
            Some(body) => event.serialize_entry("data", body)?,
            None => event.serialize_entry("data_base64", &BASE64_STANDARD.encode(self.body))?,
        }
        event.end()
    }
}
