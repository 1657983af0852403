//! What the two schemas of Event Grid have in common, under one set of names.

use std::borrow::Cow;

use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::twin_update::TwinUpdate;
use crate::{
    bad_event::BadEvent,
    flatten::Patch,
    json::{self, Fields},
};

/// The type of by far the most events.
pub(super) const TWIN_UPDATE: &str = "Microsoft.DigitalTwins.Twin.Update";

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
    /// Whether all of its payload is bytes that are no JSON.
    pub(super) is_binary: bool,
}

/// What Azure Digital Twins has to say, taken out of its wrapping and not read yet; `None` where there is nothing.
pub(super) type Payload<'a> = Option<&'a RawValue>;

/// The payload of an update.
pub(super) struct Update<'a> {
    pub(super) model_id: Option<Cow<'a, str>>,
    pub(super) patch: Patch<'a>,
}

impl<'a> Envelope<'a> {
    /// Takes the payload out of any event.
    pub(super) fn of(event: &'a RawValue) -> Result<(Self, Payload<'a>), BadEvent> {
        if !event.get().starts_with('{') {
            return Err(BadEvent::NotAnObject);
        }
        let fields = Fields::of(event)?;
        if is_cloud_event(fields.get("specversion"), fields.get("eventType")) {
            Ok(Self::cloud_event(&fields))
        } else {
            Self::event_grid(&fields)
        }
    }

    fn cloud_event(fields: &Fields<'a>) -> (Self, Payload<'a>) {
        let payload = fields.get("data").filter(is_not_null);
        let envelope = Self {
            is_cloud_event: true,
            event_type: fields.text("type"),
            id: fields.text("id"),
            subject: fields.text("subject"),
            time: fields.text("time"),
            source: fields.text("source"),
            traceparent: fields.text("traceparent"),
            data_schema: fields.text("dataschema"),
            is_binary: payload.is_none() && fields.get("data_base64").as_ref().is_some_and(is_not_null),
        };
        (envelope, payload)
    }

    fn event_grid(fields: &Fields<'a>) -> Result<(Self, Payload<'a>), BadEvent> {
        let data = fields.get("data").map(Fields::of).transpose()?.unwrap_or_default();
        let envelope = Self {
            is_cloud_event: false,
            event_type: fields.text("eventType"),
            id: fields.text("id"),
            subject: fields.text("subject"),
            time: fields.text("eventTime"),
            source: None,
            traceparent: data.text("traceparent"),
            data_schema: data.text("dataschema"),
            is_binary: false,
        };
        Ok((envelope, data.get("data").filter(is_not_null)))
    }

    /// Takes the update out of what was read as that of a twin, if it is one.
    pub(super) fn of_update(event: TwinUpdate<'a>) -> Option<(Self, Update<'a>)> {
        let is_cloud_event = is_cloud_event(event.specversion.as_ref(), event.event_type);
        let data = event.data?;
        let (event_type, time, source, traceparent, payload) = if is_cloud_event {
            (event.r#type, event.time, event.source, event.traceparent, data.payload)
        } else {
            (event.event_type, event.event_time, None, data.traceparent, data.wrapped?)
        };
        let event_type = event_type.filter(|&event_type| event_type == TWIN_UPDATE);
        let envelope = Self {
            is_cloud_event,
            event_type: Some(event_type?.into()),
            id: event.id.map(Cow::Borrowed),
            subject: event.subject.map(Cow::Borrowed),
            time: time.map(Cow::Borrowed),
            source: source.map(Cow::Borrowed),
            traceparent: traceparent.map(Cow::Borrowed),
            data_schema: None,
            is_binary: false,
        };
        Some((envelope, Update { model_id: payload.model_id.map(Cow::Borrowed), patch: payload.patch? }))
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

/// Every `CloudEvent` carries `specversion`; `type` alone will do for one that lost it.
fn is_cloud_event<S: ?Sized, T: ?Sized>(specversion: Option<&S>, event_type: Option<&T>) -> bool {
    specversion.is_some() || event_type.is_none()
}

fn is_not_null(value: &&RawValue) -> bool {
    value.get() != json::NULL
}
