//! Every app setting, read once. Nothing else in the program reads the environment, with one exception: what is decided
//! here of telemetry is whether there is any, and the OpenTelemetry SDK reads its other settings (`OTEL_*`) itself.
//!
//! The names follow the connection conventions of Azure Functions (learn.microsoft.com, "Create identity-based
//! connections with Functions triggers and bindings"). All mistakes are found in one go, so that an operator mends them
//! in one go.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use tracing::level_filters::LevelFilter;

use crate::{
    event_hub::Body,
    flatten::ObjectValues,
    record::{RecordFormat, RecordKind},
};

mod connection_string;
mod reader;

pub use connection_string::{ConnectionString, SharedAccess};
use reader::Reader;

/// What the handler needs to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen: loopback, on the port that the host chose. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// What it does with deliveries.
    pub bridge: BridgeSettings,
    /// What is logged, and how.
    pub log: LogSettings,
    /// What is exported to an OpenTelemetry collector.
    pub telemetry: TelemetrySettings,
}

/// The way from a delivery to the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgeSettings {
    /// Where records go.
    pub event_hub: EventHubSettings,
    /// What records look like.
    pub records: RecordSettings,
    /// How records are put into events.
    pub events: EventSettings,
    /// The time that one delivery may take before it is answered.
    pub delivery_timeout: Duration,
}

/// The hub and how to get into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHubSettings {
    /// The hub's name within its namespace.
    pub name: String,
    /// The namespace and the way in.
    pub access: Access,
    /// What sends to it.
    pub producer: ProducerKind,
}

/// What sends to the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProducerKind {
    /// The bridge's own, with several batches under way at once.
    #[default]
    Amqp,
    /// That of Microsoft's SDK, `azure_messaging_eventhubs`.
    Sdk,
}

/// The namespace and how the bridge proves to it that it may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// A connection string with a shared access key or signature.
    ConnectionString(ConnectionString),
    /// The managed identity of the function app.
    ManagedIdentity {
        /// The namespace's host name.
        namespace: String,
        /// The user-assigned identity; `None` is the system-assigned one.
        client_id: Option<String>,
    },
    /// The developer's own login (`az login` or `azd auth login`), where there is no managed identity.
    DeveloperLogin {
        /// The namespace's host name.
        namespace: String,
    },
}

impl Access {
    /// The namespace's host name.
    pub fn host(&self) -> &str {
        match self {
            Self::ConnectionString(string) => &string.host,
            // A port is none that a namespace has, but one that stands in for it locally may.
            Self::ManagedIdentity { namespace, .. } | Self::DeveloperLogin { namespace } => {
                namespace.rsplit_once(':').map_or(namespace, |(host, _)| host)
            }
        }
    }

    /// The port, where it is another than the protocol's own.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::ConnectionString(string) => string.port,
            Self::ManagedIdentity { namespace, .. } | Self::DeveloperLogin { namespace } => {
                namespace.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
            }
        }
    }

    /// Whether this is the development emulator, which speaks without TLS.
    pub fn is_emulator(&self) -> bool {
        matches!(self, Self::ConnectionString(string) if string.use_development_emulator)
    }
}

/// What shapes a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordSettings {
    /// Their shape.
    pub format: RecordFormat,
    /// What becomes of an object value.
    pub object_values: ObjectValues,
    /// The instance's host name for events that do not name it.
    pub service_id: Option<String>,
}

/// How records are put into events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventSettings {
    /// What one event carries.
    pub body: Body,
    /// The Data Explorer tables that events name, for a data connection that routes by event.
    pub tables: Option<Tables>,
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
    /// The table for records of this kind.
    pub fn of(&self, kind: RecordKind) -> Arc<str> {
        Arc::clone(match kind {
            RecordKind::Property => &self.property,
            RecordKind::Twin => &self.twin,
            RecordKind::Relationship => &self.relationship,
        })
    }
}

/// What is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// The least severe level that is logged.
    pub level: LevelFilter,
    /// The shape of a line.
    pub format: LogFormat,
}

/// What is exported to an OpenTelemetry collector: nothing, unless a setting names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TelemetrySettings {
    /// A span per delivery.
    pub traces: bool,
    /// Counts and durations.
    pub metrics: bool,
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Everything that is wrong with the settings, one sentence each.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistakes(Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "error: twin-bridge can't start with these app settings:")?;
        self.0.iter().try_for_each(|mistake| writeln!(formatter, "error: {mistake}"))
    }
}

impl std::error::Error for Mistakes {}

impl Settings {
    /// Reads all settings through `lookup`, which answers a setting's value by its name.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(lookup);
        let port = reader.port();
        let bridge = reader.bridge();
        let log = reader.log();
        let telemetry = reader.telemetry();
        match (port, bridge) {
            (Some(port), Some(bridge)) if reader.mistakes.is_empty() => {
                Ok(Self { listen: SocketAddr::from(([127, 0, 0, 1], port)), bridge, log, telemetry })
            }
            _ => Err(Mistakes(reader.mistakes)),
        }
    }
}

impl BridgeSettings {
    /// Reads what a command needs that sends to the hub but serves nobody.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(lookup);
        match reader.bridge() {
            Some(bridge) if reader.mistakes.is_empty() => Ok(bridge),
            _ => Err(Mistakes(reader.mistakes)),
        }
    }
}

impl RecordSettings {
    /// Reads only what shapes a record, for the commands that need no hub.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(lookup);
        let records = reader.records();
        if reader.mistakes.is_empty() { Ok(records) } else { Err(Mistakes(reader.mistakes)) }
    }
}

#[cfg(test)]
mod tests;
