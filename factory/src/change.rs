//! A change of a twin, for whoever keeps the twins to make.

use std::sync::Arc;

use serde_json::Value;

/// What a step reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// An update of the twin.
    Patch {
        /// Its `$dtId`.
        twin: Arc<str>,
        /// A JSON Patch of one to five operations, all of which the twin can take if it took all that came before.
        patch: Value,
    },
    /// A telemetry message of the twin, which changes nothing about it.
    Telemetry {
        /// Its `$dtId`.
        twin: Arc<str>,
        /// An object with a member for each telemetry of the model that it is about.
        message: Value,
    },
}
