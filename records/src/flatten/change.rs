//! What a notification changes, property by property.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::key::Key;

/// One property's change.
#[derive(Debug)]
pub struct Change<'a> {
    /// The property, as a path from the twin's root.
    pub key: Key,
    /// The new value exactly as it came, or `None` where the property was removed.
    pub value: Option<Cow<'a, RawValue>>,
    /// When the source of the value took it, if the same patch says so (`sourceTime` in the property's `$metadata`).
    pub source_time: Option<String>,
}
