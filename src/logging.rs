//! The log: one line an occurrence, on the stream that gives it the right level in the Functions host.
//!
//! The host takes everything on stdout for Information, and a line on stderr for a Warning if it contains "warn", else
//! for an Error (Azure/azure-functions-host, `WorkerProcess`). So information goes to stdout and the rest to stderr,
//! where the level's own name makes the difference. Property values and secrets are never logged.

use std::io;

use event_hub_producer::not_accepted_layer;
use tracing::{Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, filter::Targets, fmt, fmt::writer::MakeWriterExt, layer::SubscriberExt, registry::LookupSpan,
    util::SubscriberInitExt,
};

/// What is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogConfig {
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

/// Starts logging for the whole process.
///
/// The Azure SDK's own lines are left out unless `LOG_LEVEL` is `debug` or `trace`: it warns of every connection that it
/// loses, and what matters of that is logged once, in our words, by [`event_hub_producer`].
pub fn start(config: LogConfig) {
    let ours = Targets::new().with_target("twin_bridge", config.level).with_target("event_hub_producer", config.level);
    let filter = if config.level >= LevelFilter::DEBUG { ours.with_default(LevelFilter::INFO) } else { ours };
    tracing_subscriber::registry().with(not_accepted_layer()).with(lines(config.format).with_filter(filter)).init();
}

fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync> {
    let streams = io::stderr.with_max_level(Level::WARN).or_else(io::stdout);
    let lines = fmt::layer().with_ansi(false).with_target(false).with_writer(streams);
    match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    }
}
