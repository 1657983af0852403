//! The log: one line an occurrence, on the stream that gives it the right level in the Functions host.
//!
//! The host takes everything on stdout for Information, and a line on stderr for a Warning if it contains "warn", else
//! for an Error (Azure/azure-functions-host, `WorkerProcess`). So information goes to stdout and the rest to stderr,
//! where the level's own name makes the difference. Property values and secrets are never logged.

use std::io;

use tracing::{Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, filter::Targets, fmt, fmt::writer::MakeWriterExt, layer::SubscriberExt, registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{
    event_hub::not_accepted_layer,
    settings::{LogFormat, LogSettings},
};

/// Starts logging for the whole process.
///
/// The Azure SDK's own lines are left out unless `LOG_LEVEL` is `debug` or `trace`: it warns of every connection that it
/// loses, and what matters of that is logged once, in our words, by [`crate::event_hub`].
pub fn start(settings: LogSettings) {
    let ours = Targets::new().with_target("twin_bridge", settings.level);
    let filter = if settings.level >= LevelFilter::DEBUG { ours.with_default(LevelFilter::INFO) } else { ours };
    tracing_subscriber::registry().with(not_accepted_layer()).with(lines(settings.format).with_filter(filter)).init();
}

fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync> {
    let streams = io::stderr.with_max_level(Level::WARN).or_else(io::stdout);
    let lines = fmt::layer().with_ansi(false).with_target(false).with_writer(streams);
    match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    }
}
