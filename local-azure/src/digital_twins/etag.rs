//! The version of a twin or relationship.

use uuid::Uuid;

/// An etag that nothing has had before.
pub(super) fn new() -> String {
    format!("W/\"{}\"", Uuid::new_v4())
}
