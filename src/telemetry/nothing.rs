//! What stands in for telemetry in an executable without the feature `opentelemetry`.

use std::time::Duration;

use super::config::TelemetryConfig;
use crate::counts::Counts;

/// Telemetry that is not there.
#[derive(Debug, Clone)]
pub struct Telemetry(());

/// A delivery that nobody observes.
#[derive(Debug, Default)]
pub struct Observation(());

impl Telemetry {
    /// Says so if somebody expects telemetry.
    pub fn start(config: TelemetryConfig) -> Self {
        if config.traces || config.metrics {
            tracing::info!("This executable exports no telemetry: it was built without the feature opentelemetry.");
        }
        Self(())
    }

    /// A delivery begins.
    pub fn begin(&self) -> Observation {
        Observation(())
    }

    /// There is nothing to wait for.
    pub fn stop(self, _: Duration) {}
}

impl Observation {
    /// The delivery holds a notification.
    pub fn holds(&mut self, _: Option<&str>) {}

    /// The delivery is done.
    pub fn delivered(&mut self, _: Counts) {}

    /// The delivery failed.
    pub fn failed(&mut self, _: &'static str) {}
}
