//! Whether there is any telemetry.

/// What is exported to an OpenTelemetry collector: nothing, unless a setting names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TelemetryConfig {
    /// A span per delivery.
    pub traces: bool,
    /// Counts and durations.
    pub metrics: bool,
}
