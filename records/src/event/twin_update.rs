//! The update of a twin as it should be, in either schema: what nearly every event is, and one pass reads.
//!
//! What differs from this in anything is left to be read level by level (`Envelope::of`).

use crate::{flatten::Patch, json::Reader};

#[derive(Default)]
pub(super) struct TwinUpdate<'a> {
    /// Whatever it says.
    pub(super) specversion: Option<()>,
    pub(super) r#type: Option<&'a str>,
    pub(super) event_type: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) subject: Option<&'a str>,
    pub(super) time: Option<&'a str>,
    pub(super) event_time: Option<&'a str>,
    pub(super) source: Option<&'a str>,
    pub(super) traceparent: Option<&'a str>,
    pub(super) data: Option<PayloadOrWrapper<'a>>,
}

/// The payload, or what wraps it: which of the two the schema says, which may show only after the data.
#[derive(Default)]
pub(super) struct PayloadOrWrapper<'a> {
    pub(super) payload: UpdatePayload<'a>,
    pub(super) wrapped: Option<UpdatePayload<'a>>,
    pub(super) traceparent: Option<&'a str>,
}

/// What changed.
#[derive(Default)]
pub(super) struct UpdatePayload<'a> {
    pub(super) model_id: Option<&'a str>,
    pub(super) patch: Option<Patch<'a>>,
}

impl<'a> TwinUpdate<'a> {
    /// Takes the event that stands next.
    pub(super) fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut event = Self::default();
        reader.object(|name, reader| {
            match name {
                "specversion" => event.specversion = Some(reader.skip()?),
                "type" => event.r#type = Some(reader.text()?),
                "eventType" => event.event_type = Some(reader.text()?),
                "id" => event.id = Some(reader.text()?),
                "subject" => event.subject = Some(reader.text()?),
                "time" => event.time = Some(reader.text()?),
                "eventTime" => event.event_time = Some(reader.text()?),
                "source" => event.source = Some(reader.text()?),
                "traceparent" => event.traceparent = Some(reader.text()?),
                "data" => event.data = Some(PayloadOrWrapper::next(reader)?),
                _ => reader.skip()?,
            }
            Some(())
        })?;
        Some(event)
    }
}

impl<'a> PayloadOrWrapper<'a> {
    fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut data = Self::default();
        reader.object(|name, reader| {
            match name {
                "data" => data.wrapped = Some(UpdatePayload::next(reader)?),
                "traceparent" => data.traceparent = Some(reader.text()?),
                _ => data.payload.member(name, reader)?,
            }
            Some(())
        })?;
        Some(data)
    }
}

impl<'a> UpdatePayload<'a> {
    fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut payload = Self::default();
        reader.object(|name, reader| payload.member(name, reader))?;
        Some(payload)
    }

    fn member(&mut self, name: &str, reader: &mut Reader<'a>) -> Option<()> {
        match name {
            "modelId" => self.model_id = Some(reader.text()?),
            "patch" => self.patch = Some(Patch::next(reader)?),
            _ => reader.skip()?,
        }
        Some(())
    }
}
