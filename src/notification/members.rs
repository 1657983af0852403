//! The members of events, by the names that Event Grid and Azure Digital Twins give them.

use serde::{Deserialize, Deserializer, de::MapAccess};
use serde_json::value::RawValue;

use crate::{flatten::Patch, json};

/// An event in either schema, with its data read as a `D`.
#[derive(Default)]
pub(super) struct Event<'a, D> {
    pub(super) header: Header<'a>,
    pub(super) data: D,
}

/// What an event says beside its data.
#[derive(Default)]
pub(super) struct Header<'a> {
    pub(super) specversion: Option<&'a RawValue>,
    pub(super) r#type: Option<&'a RawValue>,
    pub(super) event_type: Option<&'a RawValue>,
    pub(super) id: Option<&'a RawValue>,
    pub(super) subject: Option<&'a RawValue>,
    pub(super) time: Option<&'a RawValue>,
    pub(super) event_time: Option<&'a RawValue>,
    pub(super) source: Option<&'a RawValue>,
    pub(super) traceparent: Option<&'a RawValue>,
    pub(super) dataschema: Option<&'a RawValue>,
}

/// The data in the Event Grid schema, where the payload is wrapped once more.
#[derive(Default)]
pub(super) struct Wrapper<'a, P> {
    pub(super) traceparent: Option<&'a RawValue>,
    pub(super) dataschema: Option<&'a RawValue>,
    pub(super) payload: P,
}

/// The payload of an update.
#[derive(Default)]
pub(super) struct Update<'a> {
    pub(super) model_id: Option<&'a RawValue>,
    pub(super) patch: Option<Patch<'a>>,
}

/// The data of an update in either schema. Which it is may show only after the data.
#[derive(Default)]
pub(super) struct UpdateData<'a> {
    pub(super) wrapped: Wrapper<'a, Update<'a>>,
    pub(super) bare: Update<'a>,
}

impl<'a, D: Default + Deserialize<'a>> json::Object<'a> for Event<'a, D> {
    fn member<A: MapAccess<'a>>(&mut self, name: &str, members: &mut A) -> Result<(), A::Error> {
        let header = &mut self.header;
        let member = match name {
            "specversion" => &mut header.specversion,
            "type" => &mut header.r#type,
            "eventType" => &mut header.event_type,
            "id" => &mut header.id,
            "subject" => &mut header.subject,
            "time" => &mut header.time,
            "eventTime" => &mut header.event_time,
            "source" => &mut header.source,
            "traceparent" => &mut header.traceparent,
            "dataschema" => &mut header.dataschema,
            "data" => {
                self.data = members.next_value()?;
                return Ok(());
            }
            _ => return json::skip(members),
        };
        *member = Some(members.next_value()?);
        Ok(())
    }
}

impl<'a, P: Default + Deserialize<'a>> json::Object<'a> for Wrapper<'a, P> {
    fn member<A: MapAccess<'a>>(&mut self, name: &str, members: &mut A) -> Result<(), A::Error> {
        match name {
            "traceparent" => self.traceparent = Some(members.next_value()?),
            "dataschema" => self.dataschema = Some(members.next_value()?),
            "data" => self.payload = members.next_value()?,
            _ => json::skip(members)?,
        }
        Ok(())
    }
}

impl<'a> json::Object<'a> for Update<'a> {
    fn member<A: MapAccess<'a>>(&mut self, name: &str, members: &mut A) -> Result<(), A::Error> {
        match name {
            "modelId" => self.model_id = Some(members.next_value()?),
            "patch" => self.patch = Some(members.next_value()?),
            _ => json::skip(members)?,
        }
        Ok(())
    }
}

impl<'a> json::Object<'a> for UpdateData<'a> {
    fn member<A: MapAccess<'a>>(&mut self, name: &str, members: &mut A) -> Result<(), A::Error> {
        match name {
            "modelId" | "patch" => self.bare.member(name, members),
            _ => self.wrapped.member(name, members),
        }
    }
}

impl<'de, D: Default + Deserialize<'de>> Deserialize<'de> for Event<'de, D> {
    fn deserialize<S: Deserializer<'de>>(deserializer: S) -> Result<Self, S::Error> {
        json::object(deserializer)
    }
}

impl<'de, P: Default + Deserialize<'de>> Deserialize<'de> for Wrapper<'de, P> {
    fn deserialize<S: Deserializer<'de>>(deserializer: S) -> Result<Self, S::Error> {
        json::object(deserializer)
    }
}

impl<'de> Deserialize<'de> for Update<'de> {
    fn deserialize<S: Deserializer<'de>>(deserializer: S) -> Result<Self, S::Error> {
        json::object(deserializer)
    }
}

impl<'de> Deserialize<'de> for UpdateData<'de> {
    fn deserialize<S: Deserializer<'de>>(deserializer: S) -> Result<Self, S::Error> {
        json::object(deserializer)
    }
}
