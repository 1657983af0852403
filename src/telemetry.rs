//! Traces and metrics over OTLP, for those who build with the feature `opentelemetry`; without it nothing of this module
//! is left in the executable but a hint.
//!
//! [`Telemetry`] is started and stopped by the executable, and gives the server an [`Observation`] for each delivery.
//! What an observation was told becomes one span and a few measurements when it is dropped. Nothing here can make a
//! delivery wait: both go into queues of bounded length, which threads of the OpenTelemetry SDK empty.
//!
//! This is the one exception to the rule that only `settings` reads the environment: whether anything is exported is
//! decided there, but the other standard settings (`OTEL_*`) are read by the SDK itself.

mod config;
#[cfg(feature = "opentelemetry")]
mod contexts;
#[cfg(feature = "opentelemetry")]
mod fault;
#[cfg(feature = "opentelemetry")]
mod instruments;
#[cfg(feature = "opentelemetry")]
mod observation;
#[cfg(feature = "opentelemetry")]
mod providers;

#[cfg(not(feature = "opentelemetry"))]
mod nothing;

pub use config::TelemetryConfig;
#[cfg(not(feature = "opentelemetry"))]
pub use nothing::{Observation, Telemetry};
#[cfg(feature = "opentelemetry")]
pub use {observation::Observation, providers::Telemetry};
