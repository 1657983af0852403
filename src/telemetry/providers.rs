//! The beginning and the end of telemetry: where spans and measurements go, and their last way there.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use opentelemetry::{InstrumentationScope, Key, KeyValue, metrics::MeterProvider, trace::TracerProvider};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::{BatchSpanProcessor, SdkTracerProvider},
};
use tracing::{debug, info, warn};

use super::{config::TelemetryConfig, fault::Reported, instruments::Instruments, observation::Observation};

const SERVICE_NAME: Key = Key::from_static_str("service.name");

/// Spans and measurements on their way to a collector. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
    instruments: Option<Arc<Instruments>>,
}

impl Telemetry {
    /// Starts to export what the settings ask for. What can't be exported is told in the log; deliveries go on.
    pub fn start(config: TelemetryConfig) -> Self {
        let traces = config.traces.then(|| started("traces", traces())).flatten();
        let metrics = config.metrics.then(|| started("metrics", metrics())).flatten();
        if traces.is_none() && metrics.is_none() {
            return Self::default();
        }
        info!(traces = traces.is_some(), metrics = metrics.is_some(), "Telemetry is exported.");
        let instruments = Instruments::new(
            traces.as_ref().map(|provider| provider.tracer_with_scope(scope())),
            metrics.as_ref().map(|provider| provider.meter_with_scope(scope())).as_ref(),
        );
        Self { traces, metrics, instruments: Some(Arc::new(instruments)) }
    }

    /// A delivery begins.
    pub fn begin(&self) -> Observation {
        self.instruments.as_ref().map_or_else(Observation::default, Observation::begin)
    }

    /// Exports what is left, but does not wait for it longer than `within`.
    pub fn stop(self, within: Duration) {
        let deadline = Instant::now() + within;
        // Whoever is done drops its end.
        let (working, done) = mpsc::channel::<()>();
        // The SDK's own limits are longer for metrics than ours, so the waiting has threads of its own.
        if let Some(traces) = self.traces {
            let working = working.clone();
            thread::spawn(move || (traces.shutdown_with_timeout(within), working));
        }
        if let Some(metrics) = self.metrics {
            let working = working.clone();
            thread::spawn(move || (metrics.shutdown_with_timeout(within), working));
        }
        drop(working);
        if done.recv_timeout(deadline.saturating_duration_since(Instant::now())) == Err(mpsc::RecvTimeoutError::Timeout)
        {
            warn!("The last telemetry could not be exported in time.");
        }
    }
}

fn started<P>(signal: &'static str, provider: Result<P, ExporterBuildError>) -> Option<P> {
    provider
        .inspect_err(|error| {
            warn!(
                "No {signal} are exported: check the settings OTEL_EXPORTER_OTLP_*; LOG_LEVEL=debug shows the reason."
            );
            // Not above this level: it repeats an endpoint, in which people put keys.
            debug!("No {signal} are exported: {error}");
        })
        .ok()
}

fn traces() -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = Reported::new("spans", SpanExporter::builder().with_http().build()?);
    let processor = BatchSpanProcessor::builder(exporter).build();
    Ok(SdkTracerProvider::builder().with_resource(resource()).with_span_processor(processor).build())
}

fn metrics() -> Result<SdkMeterProvider, ExporterBuildError> {
    let exporter = Reported::new("metrics", MetricExporter::builder().with_http().build()?);
    let reader = PeriodicReader::builder(exporter).build();
    Ok(SdkMeterProvider::builder().with_resource(resource()).with_reader(reader).build())
}

/// What `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say, and our name where they say none.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let set = Resource::builder().build();
    let unnamed = set.get(&SERVICE_NAME).is_none_or(|name| name.as_str().starts_with("unknown_service"));
    let builder = Resource::builder_empty()
        .with_attribute(version)
        .with_attributes(set.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())));
    if unnamed { builder.with_service_name(env!("CARGO_PKG_NAME")).build() } else { builder.build() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME")).with_version(env!("CARGO_PKG_VERSION")).build()
}
