//! The update of a twin as it should be, in either schema: what nearly every event is, and one pass reads.
//!
//! What differs from this in anything is left to be read level by level (`Envelope::of`).

use crate::{
    flatten::Patch,
    json::{Reader, once},
};

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
    pub(super) payload: Payload<'a>,
    pub(super) wrapped: Option<Payload<'a>>,
    pub(super) traceparent: Option<&'a str>,
}

#[derive(Default)]
pub(super) struct Payload<'a> {
    pub(super) model_id: Option<&'a str>,
    pub(super) patch: Option<Patch<'a>>,
}

impl<'a> TwinUpdate<'a> {
    /// Takes the event that stands next.
    pub(super) fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut event = Self::default();
        reader.object(|name, reader| match name {
            "specversion" => once(&mut event.specversion, reader.skip()?),
            "type" => once(&mut event.r#type, reader.text()?),
            "eventType" => once(&mut event.event_type, reader.text()?),
            "id" => once(&mut event.id, reader.text()?),
            "subject" => once(&mut event.subject, reader.text()?),
            "time" => once(&mut event.time, reader.text()?),
            "eventTime" => once(&mut event.event_time, reader.text()?),
            "source" => once(&mut event.source, reader.text()?),
            "traceparent" => once(&mut event.traceparent, reader.text()?),
            "data" => once(&mut event.data, PayloadOrWrapper::next(reader)?),
            _ => reader.skip(),
        })?;
        Some(event)
    }
}

impl<'a> PayloadOrWrapper<'a> {
    fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut data = Self::default();
        reader.object(|name, reader| match name {
            "data" => once(&mut data.wrapped, Payload::next(reader)?),
            "traceparent" => once(&mut data.traceparent, reader.text()?),
            _ => data.payload.member(name, reader),
        })?;
        Some(data)
    }
}

impl<'a> Payload<'a> {
    fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut payload = Self::default();
        reader.object(|name, reader| payload.member(name, reader))?;
        Some(payload)
    }

    fn member(&mut self, name: &str, reader: &mut Reader<'a>) -> Option<()> {
        match name {
            "modelId" => once(&mut self.model_id, reader.text()?),
            "patch" => once(&mut self.patch, Patch::next(reader)?),
            _ => reader.skip(),
        }
    }
}
