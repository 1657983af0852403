//! The two shapes that an event has on its way.

use clap::ValueEnum;

/// The schema of a topic's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// Event Grid's own.
    EventGrid,
    /// CloudEvents 1.0 in JSON.
    CloudEvents,
}
