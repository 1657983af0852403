//! Every app setting, read once. Nothing else in the program reads the environment.
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

pub use connection_string::ConnectionString;

const EVENT_HUB: &str = "EVENT_HUB";
const EVENT_HUB_NAMESPACE: &str = "EVENT_HUB__fullyQualifiedNamespace";
const EVENT_HUB_CLIENT_ID: &str = "EVENT_HUB__clientId";
const EVENT_HUB_NAME: &str = "EVENT_HUB_NAME";
const EVENT_HUB_BODY: &str = "EVENT_HUB_BODY";
const EVENT_HUB_TABLES: &str = "EVENT_HUB_TABLES";
const RECORD_FORMAT: &str = "RECORD_FORMAT";
const OBJECT_VALUES: &str = "OBJECT_VALUES";
const SERVICE_ID: &str = "SERVICE_ID";
const DELIVERY_TIMEOUT: &str = "DELIVERY_TIMEOUT";
const LOG_LEVEL: &str = "LOG_LEVEL";
const LOG_FORMAT: &str = "LOG_FORMAT";
/// Set by the Functions host for its custom handler.
const HANDLER_PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
/// The user-assigned identity of the whole app, by the convention of the Azure SDKs.
const AZURE_CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// Set by Azure App Service and Functions where a managed identity is assigned.
const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";

const DEFAULT_DELIVERY_TIMEOUT: Duration = Duration::from_secs(25);
/// Event Grid stops waiting for an answer after 30 s.
const MAX_DELIVERY_TIMEOUT: Duration = Duration::from_secs(29);

/// What the handler needs to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen: loopback, on the port that the host chose. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// What it does with deliveries.
    pub bridge: BridgeSettings,
    /// What is logged, and how.
    pub log: LogSettings,
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
        match (port, bridge) {
            (Some(port), Some(bridge)) if reader.mistakes.is_empty() => {
                Ok(Self { listen: SocketAddr::from(([127, 0, 0, 1], port)), bridge, log })
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

/// Looks settings up and collects what is wrong with them. A setting that is empty is as good as absent.
struct Reader<F> {
    lookup: F,
    mistakes: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn new(lookup: F) -> Self {
        Self { lookup, mistakes: Vec::new() }
    }

    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn mistake(&mut self, mistake: impl Into<String>) {
        self.mistakes.push(mistake.into());
    }

    fn bridge(&mut self) -> Option<BridgeSettings> {
        let event_hub = self.event_hub();
        let records = self.records();
        let events = self.events();
        let delivery_timeout = self.delivery_timeout();
        Some(BridgeSettings { event_hub: event_hub?, records, events, delivery_timeout })
    }

    fn port(&mut self) -> Option<u16> {
        let Some(port) = self.get(HANDLER_PORT) else {
            self.mistake(format!(
                "{HANDLER_PORT} is not set. The Functions host sets it; to run twin-bridge by hand, set it to a free port."
            ));
            return None;
        };
        port.parse().map_err(|_| self.mistake(format!("{HANDLER_PORT} must be a port, 0 to 65535."))).ok()
    }

    fn event_hub(&mut self) -> Option<EventHubSettings> {
        let (access, entity_path) = match (self.get(EVENT_HUB), self.get(EVENT_HUB_NAMESPACE)) {
            (Some(_), Some(_)) => {
                self.mistake(format!("Set {EVENT_HUB} or {EVENT_HUB_NAMESPACE}, not both."));
                return None;
            }
            (None, None) => {
                self.mistake(format!(
                    "Set {EVENT_HUB_NAMESPACE} to <namespace>.servicebus.windows.net (identity), or {EVENT_HUB} to a connection string."
                ));
                (None, None)
            }
            (Some(text), None) => match ConnectionString::parse(&text) {
                Ok(parsed) => (Some(Access::ConnectionString(parsed.clone())), parsed.entity_path),
                Err(problem) => {
                    self.mistake(format!("{EVENT_HUB} {problem}."));
                    return None;
                }
            },
            (None, Some(namespace)) => (self.identity(namespace), None),
        };
        let Some(name) = self.get(EVENT_HUB_NAME).or(entity_path) else {
            self.mistake(format!("Set {EVENT_HUB_NAME} to the event hub's name, or add EntityPath to {EVENT_HUB}."));
            return None;
        };
        Some(EventHubSettings { name, access: access? })
    }

    fn identity(&mut self, namespace: String) -> Option<Access> {
        if namespace.contains(['/', ';', '=', ' ']) {
            self.mistake(format!(
                "{EVENT_HUB_NAMESPACE} must be a host name like contoso.servicebus.windows.net, without sb:// or a path."
            ));
            return None;
        }
        if self.get(IDENTITY_ENDPOINT).is_none() {
            return Some(Access::DeveloperLogin { namespace });
        }
        let client_id = self.get(EVENT_HUB_CLIENT_ID).or_else(|| self.get(AZURE_CLIENT_ID));
        Some(Access::ManagedIdentity { namespace, client_id })
    }

    fn records(&mut self) -> RecordSettings {
        let formats =
            [("data-history", RecordFormat::DataHistory), ("time-series-insights", RecordFormat::TimeSeriesInsights)];
        RecordSettings {
            format: self.choice(RECORD_FORMAT, &formats).unwrap_or_default(),
            object_values: self
                .choice(OBJECT_VALUES, &[("flatten", ObjectValues::Flatten), ("keep", ObjectValues::Keep)])
                .unwrap_or_default(),
            service_id: self.get(SERVICE_ID),
        }
    }

    fn events(&mut self) -> EventSettings {
        let bodies = [("record", Body::Record), ("lines", Body::Lines), ("array", Body::Array)];
        EventSettings { body: self.choice(EVENT_HUB_BODY, &bodies).unwrap_or_default(), tables: self.tables() }
    }

    fn tables(&mut self) -> Option<Tables> {
        let text = self.get(EVENT_HUB_TABLES)?;
        let names: Vec<_> = text.split(',').map(str::trim).collect();
        match names.as_slice() {
            [property, twin, relationship] if names.iter().all(|name| !name.is_empty()) => Some(Tables {
                property: Arc::from(*property),
                twin: Arc::from(*twin),
                relationship: Arc::from(*relationship),
            }),
            _ => {
                self.mistake(format!(
                    "{EVENT_HUB_TABLES} must name three tables, <property>,<twin>,<relationship>, like AdtPropertyEvents,AdtTwinLifecycleEvents,AdtRelationshipLifecycleEvents."
                ));
                None
            }
        }
    }

    fn delivery_timeout(&mut self) -> Duration {
        let Some(text) = self.get(DELIVERY_TIMEOUT) else { return DEFAULT_DELIVERY_TIMEOUT };
        match humantime::parse_duration(&text) {
            Ok(timeout) if !timeout.is_zero() && timeout <= MAX_DELIVERY_TIMEOUT => timeout,
            _ => {
                self.mistake(format!(
                    "{DELIVERY_TIMEOUT} must be a time like 25s or 800ms, above 0 and at most {}s: Event Grid waits 30 s for an answer.",
                    MAX_DELIVERY_TIMEOUT.as_secs()
                ));
                DEFAULT_DELIVERY_TIMEOUT
            }
        }
    }

    fn log(&mut self) -> LogSettings {
        let levels = [
            ("error", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("info", LevelFilter::INFO),
            ("debug", LevelFilter::DEBUG),
            ("trace", LevelFilter::TRACE),
        ];
        LogSettings {
            level: self.choice(LOG_LEVEL, &levels).unwrap_or(LevelFilter::INFO),
            format: self
                .choice(LOG_FORMAT, &[("text", LogFormat::Text), ("json", LogFormat::Json)])
                .unwrap_or(LogFormat::Text),
        }
    }

    /// The choice that the setting names, in whatever case.
    fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.get(name)?;
        let choice = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)).map(|&(_, choice)| choice);
        if choice.is_none() {
            let words: Vec<_> = choices.iter().map(|&(word, _)| word).collect();
            self.mistake(format!("{name} must be one of: {}.", words.join(", ")));
        }
        choice
    }
}

#[cfg(test)]
mod tests;
