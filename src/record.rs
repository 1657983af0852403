//! A change as a record: the fourth step of the flow, and the shape that consumers see.
//!
//! The names and meanings are those of the data history feature of Azure Digital Twins, so that its queries and
//! dashboards work unchanged; `EventId` is ours. Source: learn.microsoft.com, "Azure Digital Twins data history".

use serde::Serialize;
use serde_json::value::RawValue;
use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

use crate::{flatten::Change, notification::Notification};

/// A record as the event hub will carry it.
#[derive(Debug)]
pub struct Record {
    /// `<event id>#<index of the record in the event>`: the same in every redelivery, so that consumers can drop repeats.
    pub event_id: String,
    /// The record as JSON, on one line.
    pub body: Vec<u8>,
}

/// One property's value at one time.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PropertyRecord<'a> {
    time_stamp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_time_stamp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_id: Option<&'a str>,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<&'a str>,
    key: &'a str,
    /// Null where the property was removed.
    value: Option<&'a RawValue>,
    action: Action,
    event_id: &'a str,
}

#[derive(Serialize)]
enum Action {
    Update,
    Delete,
}

/// A time as Azure Digital Twins writes its own: seven digits, UTC.
#[must_use]
pub fn time_stamp(time: OffsetDateTime) -> String {
    const LIKE_THE_SERVICE: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");
    time.to_offset(UtcOffset::UTC).format(LIKE_THE_SERVICE).unwrap_or_default()
}

/// Writes the records of one notification.
///
/// All of them carry one time, since consumers join the values of a patch on it: the notification's own, else
/// `received_at`. `service_id` is the setting `SERVICE_ID`, for events whose schema names no instance.
///
/// # Errors
/// None in practice: every part is text that was JSON before.
pub fn records(
    notification: &Notification<'_>,
    changes: &[Change<'_>],
    received_at: &str,
    service_id: Option<&str>,
) -> serde_json::Result<Vec<Record>> {
    changes
        .iter()
        .enumerate()
        .map(|(index, change)| {
            let event_id = format!("{}#{index}", notification.id);
            let record = PropertyRecord {
                time_stamp: notification.time.as_deref().unwrap_or(received_at),
                source_time_stamp: change.source_time.as_deref(),
                service_id: notification.service_id.as_deref().or(service_id),
                id: &notification.twin_id,
                model_id: notification.model_id.as_deref(),
                key: change.key.as_str(),
                value: change.value.as_deref(),
                action: if change.value.is_some() { Action::Update } else { Action::Delete },
                event_id: &event_id,
            };
            Ok(Record { body: serde_json::to_vec(&record)?, event_id })
        })
        .collect()
}

#[cfg(test)]
mod tests;
