//! The two shapes that an event has on its way.

use clap::ValueEnum;

/// The schema of a topic's events, which is also that of their deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// Event Grid's own.
    EventGrid,
    /// CloudEvents 1.0 in JSON.
    CloudEvents,
}

impl Schema {
    /// The content type of deliveries.
    pub(super) fn content_type(self, batched: bool) -> &'static str {
        match (self, batched) {
            (Self::EventGrid, _) => "application/json; charset=utf-8",
            (Self::CloudEvents, false) => "application/cloudevents+json; charset=utf-8",
            (Self::CloudEvents, true) => "application/cloudevents-batch+json; charset=utf-8",
        }
    }

    /// Whether a delivery is a JSON array: always in Event Grid's own schema, even of one.
    pub(super) fn is_array(self, batched: bool) -> bool {
        self == Self::EventGrid || batched
    }

    /// What the header `aeg-metadata-version` says: that of Event Grid's schema, or the version of CloudEvents.
    pub(super) fn metadata_version(self) -> &'static str {
        match self {
            Self::EventGrid => "1",
            Self::CloudEvents => "1.0",
        }
    }

    /// What Azure Resource Manager and error messages call it.
    pub(super) fn azure_name(self) -> &'static str {
        match self {
            Self::EventGrid => "EventGridEvent",
            Self::CloudEvents => "CloudEventV10",
        }
    }
}
