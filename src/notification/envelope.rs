//! What the two schemas of Event Grid have in common, under one set of names.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    BadEvent, TWIN_UPDATE,
    members::{Event, Header, Update, UpdateData, Wrapper},
};
use crate::json;

/// An event before its type is looked at. A member that is not the text it should be is as good as absent.
pub(super) struct Envelope<'a> {
    pub(super) is_cloud_event: bool,
    pub(super) event_type: Option<Cow<'a, str>>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) subject: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    /// Where it comes from; only CloudEvents say it.
    source: Option<Cow<'a, str>>,
    pub(super) traceparent: Option<Cow<'a, str>>,
    /// The model, where the event is telemetry.
    pub(super) data_schema: Option<Cow<'a, str>>,
}

/// What Azure Digital Twins has to say, taken out of its wrapping.
pub(super) enum Payload<'a> {
    /// An update with its patch, of a twin.
    Update(Update<'a>),
    /// Anything else, not read yet, or nothing.
    Unread(Option<&'a RawValue>),
}

impl<'a> Envelope<'a> {
    /// Takes the payload out of any event.
    pub(super) fn of(event: &'a RawValue) -> Result<(Self, Payload<'a>), BadEvent> {
        if !is_object(&event) {
            return Err(BadEvent::NotAnObject);
        }
        let Event { header, data }: Event<'_, Option<&RawValue>> = object(event)?;
        if header.is_cloud_event() {
            return Ok((Self::cloud_event(&header), Payload::Unread(data)));
        }
        let wrapper: Option<Wrapper<'_, Option<&RawValue>>> = data.filter(is_object).map(object).transpose()?;
        let wrapper = wrapper.unwrap_or_default();
        Ok((Self::event_grid(&header, &wrapper), Payload::Unread(wrapper.payload)))
    }

    /// Takes the patch out of an event that was read as the update of a twin, if it is one.
    pub(super) fn of_update(event: Event<'a, UpdateData<'a>>) -> Option<(Self, Payload<'a>)> {
        let Event { header, data } = event;
        let (envelope, update) = if header.is_cloud_event() {
            (Self::cloud_event(&header), data.bare)
        } else {
            (Self::event_grid(&header, &data.wrapped), data.wrapped.payload)
        };
        let is_update = envelope.event_type.as_deref() == Some(TWIN_UPDATE) && update.patch.is_some();
        is_update.then_some((envelope, Payload::Update(update)))
    }

    fn cloud_event(header: &Header<'a>) -> Self {
        Self {
            is_cloud_event: true,
            event_type: text(header.r#type),
            id: text(header.id),
            subject: text(header.subject),
            time: text(header.time),
            source: text(header.source),
            traceparent: text(header.traceparent),
            data_schema: text(header.dataschema),
        }
    }

    fn event_grid<P>(header: &Header<'a>, data: &Wrapper<'a, P>) -> Self {
        Self {
            is_cloud_event: false,
            event_type: text(header.event_type),
            id: text(header.id),
            subject: text(header.subject),
            time: text(header.event_time),
            source: None,
            traceparent: text(data.traceparent),
            data_schema: text(data.dataschema),
        }
    }

    /// The time, if it means one: telemetry carries 0001-01-01T00:00:00Z for "none".
    pub(super) fn usable_time(&self) -> Option<Cow<'a, str>> {
        let means_one = |time: &str| OffsetDateTime::parse(time, &Rfc3339).is_ok_and(|time| time.year() > 1);
        self.time.clone().filter(|time| means_one(time))
    }

    /// A `CloudEvent`'s source, `<host>` or `<host>/digitaltwins/<twin id>`, without the scheme that a URI may have.
    pub(super) fn source(&self) -> Option<&str> {
        let source = self.source.as_deref()?;
        let without_scheme = match source.split_once("://") {
            Some((scheme, rest)) if !scheme.contains('/') => rest,
            _ => source.strip_prefix("//").unwrap_or(source),
        };
        Some(without_scheme)
    }

    /// The host part of the source.
    pub(super) fn service_id(&self) -> Option<String> {
        let host = self.source()?.split(['/', '?', '#']).next()?;
        Some(host.to_owned()).filter(|host| !host.is_empty())
    }
}

impl Header<'_> {
    /// Every CloudEvent carries `specversion`; `type` alone will do for one that lost it.
    fn is_cloud_event(&self) -> bool {
        self.specversion.is_some() || self.event_type.is_none()
    }
}

impl<'a> Payload<'a> {
    /// The payload of anything but the update of a twin.
    pub(super) fn unread(&self) -> Option<&'a RawValue> {
        match self {
            Self::Update(_) => None,
            Self::Unread(payload) => *payload,
        }
    }
}

fn is_object(value: &&RawValue) -> bool {
    value.get().starts_with('{')
}

/// Reads an object, which fails only for a name that is not Unicode where the members are read as whatever they are.
fn object<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Result<T, BadEvent> {
    serde_json::from_str(value.get()).map_err(|_| BadEvent::NotUnicode)
}

fn text(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    value.and_then(json::text)
}
