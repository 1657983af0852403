//! Each setting by its name: looked up, read, and complained of.

use std::{sync::Arc, time::Duration};

use tracing::level_filters::LevelFilter;

use super::{
    Access, BridgeSettings, ConnectionString, EventHubSettings, EventSettings, LogFormat, LogSettings, ProducerKind,
    RecordSettings, Tables, TelemetrySettings,
};
use crate::{event_hub::Body, flatten::ObjectValues, record::RecordFormat};

pub(super) const EVENT_HUB: &str = "EVENT_HUB";
pub(super) const EVENT_HUB_NAMESPACE: &str = "EVENT_HUB__fullyQualifiedNamespace";
pub(super) const EVENT_HUB_CLIENT_ID: &str = "EVENT_HUB__clientId";
pub(super) const EVENT_HUB_NAME: &str = "EVENT_HUB_NAME";
pub(super) const EVENT_HUB_PRODUCER: &str = "EVENT_HUB_PRODUCER";
pub(super) const EVENT_HUB_BODY: &str = "EVENT_HUB_BODY";
pub(super) const EVENT_HUB_TABLES: &str = "EVENT_HUB_TABLES";
pub(super) const RECORD_FORMAT: &str = "RECORD_FORMAT";
pub(super) const OBJECT_VALUES: &str = "OBJECT_VALUES";
pub(super) const SERVICE_ID: &str = "SERVICE_ID";
pub(super) const DELIVERY_TIMEOUT: &str = "DELIVERY_TIMEOUT";
pub(super) const LOG_LEVEL: &str = "LOG_LEVEL";
pub(super) const LOG_FORMAT: &str = "LOG_FORMAT";
/// Set by the Functions host for its custom handler.
pub(super) const HANDLER_PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
/// The user-assigned identity of the whole app, by the convention of the Azure SDKs.
pub(super) const AZURE_CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// Set by Azure App Service and Functions where a managed identity is assigned.
pub(super) const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";

/// Standard names (opentelemetry.io, "OTLP Exporter Configuration" and "General SDK Configuration"). The SDK reads the
/// endpoints again, and all else, itself.
pub(super) const OTEL_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
pub(super) const OTEL_TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
pub(super) const OTEL_METRICS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
pub(super) const OTEL_SDK_DISABLED: &str = "OTEL_SDK_DISABLED";

pub(super) const DEFAULT_DELIVERY_TIMEOUT: Duration = Duration::from_secs(25);
/// Event Grid stops waiting for an answer after 30 s.
pub(super) const MAX_DELIVERY_TIMEOUT: Duration = Duration::from_secs(29);

/// Looks settings up and collects what is wrong with them. A setting that is empty is as good as absent.
pub(super) struct Reader<F> {
    lookup: F,
    pub(super) mistakes: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn new(lookup: F) -> Self {
        Self { lookup, mistakes: Vec::new() }
    }

    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn mistake(&mut self, mistake: impl Into<String>) {
        self.mistakes.push(mistake.into());
    }

    pub(super) fn bridge(&mut self) -> Option<BridgeSettings> {
        let event_hub = self.event_hub();
        let records = self.records();
        let events = self.events();
        let delivery_timeout = self.delivery_timeout();
        Some(BridgeSettings { event_hub: event_hub?, records, events, delivery_timeout })
    }

    pub(super) fn port(&mut self) -> Option<u16> {
        let Some(port) = self.get(HANDLER_PORT) else {
            self.mistake(format!(
                "{HANDLER_PORT} is not set. The Functions host sets it; to run twin-bridge by hand, set it to a free port."
            ));
            return None;
        };
        port.parse().map_err(|_| self.mistake(format!("{HANDLER_PORT} must be a port, 0 to 65535."))).ok()
    }

    fn event_hub(&mut self) -> Option<EventHubSettings> {
        let producer = self.choice(EVENT_HUB_PRODUCER, &[("amqp", ProducerKind::Amqp), ("sdk", ProducerKind::Sdk)]);
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
        Some(EventHubSettings { name, access: access?, producer: producer.unwrap_or_default() })
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

    pub(super) fn records(&mut self) -> RecordSettings {
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

    pub(super) fn log(&mut self) -> LogSettings {
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

    /// Nothing is mistaken here: by the standard, what can't be understood counts as not set.
    pub(super) fn telemetry(&self) -> TelemetrySettings {
        if self.get(OTEL_SDK_DISABLED).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return TelemetrySettings::default();
        }
        let any = |name| self.get(OTEL_ENDPOINT).or_else(|| self.get(name)).is_some();
        TelemetrySettings { traces: any(OTEL_TRACES_ENDPOINT), metrics: any(OTEL_METRICS_ENDPOINT) }
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
