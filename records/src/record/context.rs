//! What the records of a notification share.

use crate::notification::Notification;

/// What all records of a notification have in common.
pub(super) struct Context<'a> {
    pub(super) notification: &'a Notification<'a>,
    pub(super) time_stamp: &'a str,
    pub(super) service_id: Option<&'a str>,
}
