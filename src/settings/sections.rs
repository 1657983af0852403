//! The settings of each part of the program.

use std::{sync::Arc, time::Duration};

use event_hub_producer::{Access, Body, Client, Config as HubConfig, ConnectionString};
use tracing::level_filters::LevelFilter;
use twin_records::{Config as RecordConfig, ObjectValues, RecordFormat};

use super::{
    names::{
        AZURE_CLIENT_ID, DELIVERY_TIMEOUT, EVENT_HUB, EVENT_HUB_BODY, EVENT_HUB_CLIENT_ID, EVENT_HUB_NAME,
        EVENT_HUB_NAMESPACE, EVENT_HUB_PRODUCER, EVENT_HUB_TABLES, HANDLER_PORT, IDENTITY_ENDPOINT, LOG_FORMAT,
        LOG_LEVEL, OBJECT_VALUES, OTEL_ENDPOINT, OTEL_METRICS_ENDPOINT, OTEL_SDK_DISABLED, OTEL_TRACES_ENDPOINT,
        RECORD_FORMAT, SERVICE_BUS_TIMEOUT, SERVICE_ID,
    },
    reader::Reader,
};
use crate::{
    bridge::{self, Tables},
    logging::{LogConfig, LogFormat},
    telemetry::TelemetryConfig,
};

const DEFAULT_DELIVERY_TIMEOUT: Duration = Duration::from_secs(25);
/// Event Grid stops waiting for an answer after 30 s.
const MAX_DELIVERY_TIMEOUT: Duration = Duration::from_secs(29);

const DEFAULT_SERVICE_BUS_TIMEOUT: Duration = Duration::from_secs(240);
/// No lock of Service Bus lasts longer than 5 minutes, and the host does not renew that of a batch.
const MAX_SERVICE_BUS_TIMEOUT: Duration = Duration::from_secs(290);

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn hub(&mut self) -> Option<HubConfig> {
        let access = self.access();
        let entity_path = match &access {
            Some(Access::ConnectionString(string)) => string.entity_path.clone(),
            _ => None,
        };
        let name = self.get(EVENT_HUB_NAME).or(entity_path);
        // A connection string that can't be read may name it.
        if name.is_none() && (access.is_some() || self.get(EVENT_HUB).is_none()) {
            self.mistake(format!("Set {EVENT_HUB_NAME} to the event hub's name, or add EntityPath to {EVENT_HUB}."));
        }
        let clients = [("amqp", Client::Amqp), ("sdk", Client::Sdk)];
        let client = self.choice(EVENT_HUB_PRODUCER, &clients).unwrap_or_default();
        let bodies = [("record", Body::Record), ("lines", Body::Lines), ("array", Body::Array)];
        let body = self.choice(EVENT_HUB_BODY, &bodies).unwrap_or_default();
        Some(HubConfig { name: name?, access: access?, body, client })
    }

    fn access(&mut self) -> Option<Access> {
        match (self.get(EVENT_HUB), self.get(EVENT_HUB_NAMESPACE)) {
            (Some(_), Some(_)) => {
                self.mistake(format!("Set {EVENT_HUB} or {EVENT_HUB_NAMESPACE}, not both."));
                None
            }
            (None, None) => {
                self.mistake(format!(
                    "Set {EVENT_HUB_NAMESPACE} to <namespace>.servicebus.windows.net (identity), or {EVENT_HUB} to a connection string."
                ));
                None
            }
            (Some(text), None) => ConnectionString::parse(&text)
                .map(Access::ConnectionString)
                .map_err(|problem| self.mistake(format!("{EVENT_HUB} {problem}.")))
                .ok(),
            (None, Some(namespace)) => self.identity(namespace),
        }
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

    pub(super) fn port(&mut self) -> Option<u16> {
        let Some(port) = self.get(HANDLER_PORT) else {
            self.mistake(format!(
                "{HANDLER_PORT} is not set. The Functions host sets it; to run twin-bridge by hand, set it to a free port."
            ));
            return None;
        };
        port.parse().map_err(|_| self.mistake(format!("{HANDLER_PORT} must be a port, 0 to 65535."))).ok()
    }

    pub(super) fn bridge(&mut self) -> bridge::Config {
        bridge::Config {
            records: self.records(),
            tables: self.tables(),
            delivery_timeout: self.timeout(
                DELIVERY_TIMEOUT,
                (DEFAULT_DELIVERY_TIMEOUT, MAX_DELIVERY_TIMEOUT),
                "Event Grid waits 30 s for an answer",
            ),
            service_bus_timeout: self.timeout(
                SERVICE_BUS_TIMEOUT,
                (DEFAULT_SERVICE_BUS_TIMEOUT, MAX_SERVICE_BUS_TIMEOUT),
                "no lock of Service Bus lasts longer than 5 min",
            ),
        }
    }

    pub(super) fn records(&mut self) -> RecordConfig {
        let formats =
            [("data-history", RecordFormat::DataHistory), ("time-series-insights", RecordFormat::TimeSeriesInsights)];
        RecordConfig {
            format: self.choice(RECORD_FORMAT, &formats).unwrap_or_default(),
            object_values: self
                .choice(OBJECT_VALUES, &[("flatten", ObjectValues::Flatten), ("keep", ObjectValues::Keep)])
                .unwrap_or_default(),
            service_id: self.get(SERVICE_ID),
        }
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

    fn timeout(&mut self, name: &str, (default, longest): (Duration, Duration), why: &str) -> Duration {
        let Some(text) = self.get(name) else { return default };
        match humantime::parse_duration(&text) {
            Ok(timeout) if !timeout.is_zero() && timeout <= longest => timeout,
            _ => {
                self.mistake(format!(
                    "{name} must be a time like 25s or 800ms, above 0 and at most {}s: {why}.",
                    longest.as_secs()
                ));
                default
            }
        }
    }

    pub(super) fn log(&mut self) -> LogConfig {
        let levels = [
            ("error", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("info", LevelFilter::INFO),
            ("debug", LevelFilter::DEBUG),
            ("trace", LevelFilter::TRACE),
        ];
        LogConfig {
            level: self.choice(LOG_LEVEL, &levels).unwrap_or(LevelFilter::INFO),
            format: self
                .choice(LOG_FORMAT, &[("text", LogFormat::Text), ("json", LogFormat::Json)])
                .unwrap_or(LogFormat::Text),
        }
    }

    /// Never a mistake: by the OpenTelemetry specification a value that can't be understood counts as not set.
    pub(super) fn telemetry(&self) -> TelemetryConfig {
        if self.get(OTEL_SDK_DISABLED).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return TelemetryConfig::default();
        }
        let any = |name| self.get(OTEL_ENDPOINT).or_else(|| self.get(name)).is_some();
        TelemetryConfig { traces: any(OTEL_TRACES_ENDPOINT), metrics: any(OTEL_METRICS_ENDPOINT) }
    }
}
