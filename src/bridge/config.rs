//! What the bridge is told by the settings.

use std::{sync::Arc, time::Duration};

use twin_records::RecordKind;

/// What the bridge does with deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What records look like.
    pub records: twin_records::Config,
    /// The Data Explorer tables that events name, for a data connection that routes by event.
    pub tables: Option<Tables>,
    /// The time that one delivery may take before it is answered.
    pub delivery_timeout: Duration,
    /// The same for a delivery of Service Bus.
    pub service_bus_timeout: Duration,
}

/// The Data Explorer table for each kind of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// For values of properties, and telemetry.
    pub property: Arc<str>,
    /// For the beginning and end of twins.
    pub twin: Arc<str>,
    /// For the beginning and end of relationships.
    pub relationship: Arc<str>,
}

impl Tables {
    pub(super) fn of(&self, kind: RecordKind) -> Arc<str> {
        Arc::clone(match kind {
            RecordKind::Property => &self.property,
            RecordKind::Twin => &self.twin,
            RecordKind::Relationship => &self.relationship,
        })
    }
}
