//! What a device measures and no model needs to keep.

use serde_json::Value;

/// Telemetry of a twin.
#[derive(Debug, Clone, PartialEq)]
pub struct Telemetry {
    /// The component that it comes from, if it isn't the twin itself.
    pub component: Option<String>,
    /// The id of the notification. That it is unique is up to the sender.
    pub message_id: String,
    /// When it was measured: an RFC 3339 time. Checked and no more; what Azure does with it is not documented.
    pub source_time: Option<String>,
    /// The model that it follows; by default that of the twin or component.
    pub data_schema: Option<String>,
    /// What was measured: an object, which no model needs to know.
    pub payload: Value,
}

impl Telemetry {
    /// Telemetry of the twin itself.
    pub fn new(message_id: impl Into<String>, payload: Value) -> Self {
        Self { component: None, message_id: message_id.into(), source_time: None, data_schema: None, payload }
    }
}
