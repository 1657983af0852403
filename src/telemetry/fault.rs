//! Exporters whose failures reach the log: once when they begin, and once when they end.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    metrics::{Temporality, data::ResourceMetrics, exporter::PushMetricExporter},
    trace::{SpanData, SpanExporter},
};
use tracing::{info, warn};

/// An exporter that is watched.
#[derive(Debug)]
pub(super) struct Reported<E> {
    what: &'static str,
    exporter: E,
    failing: AtomicBool,
}

impl<E> Reported<E> {
    /// Of an exporter of `what`.
    pub(super) fn new(what: &'static str, exporter: E) -> Self {
        Self { what, exporter, failing: AtomicBool::new(false) }
    }

    fn ended(&self, result: OTelSdkResult) -> OTelSdkResult {
        let (what, failing) = (self.what, result.is_err());
        if self.failing.swap(failing, Ordering::Relaxed) != failing {
            if let Err(error) = &result {
                warn!(
                    "The OpenTelemetry collector takes no {what} ({error}). Deliveries go on; check OTEL_EXPORTER_OTLP_ENDPOINT and the collector."
                );
            } else {
                info!("The OpenTelemetry collector takes {what} again.");
            }
        }
        result
    }
}

impl<E: SpanExporter> SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.ended(self.exporter.export(batch).await)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Reported<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.ended(self.exporter.export(metrics).await)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}
