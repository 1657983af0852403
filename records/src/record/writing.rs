//! A notification becomes records in the format that was chosen.

use super::{context::Context, data_history, list::Records, time_series_insights};
use crate::{
    bad_event::BadEvent,
    config::{Config, RecordFormat},
    flatten::{self, BadPayload, Change},
    notification::{Notification, Occurrence},
};

/// Writes the records of one notification; there may be none, as for a change of nothing but metadata.
///
/// All of them carry one time, since consumers join the values of a patch on it: the notification's own, else
/// `received_at`.
pub fn records(notification: &Notification<'_>, config: &Config, received_at: &str) -> Result<Records, BadEvent> {
    let changes = changes(notification, config)?;
    let context = Context {
        notification,
        time_stamp: notification.time.as_deref().unwrap_or(received_at),
        service_id: notification.service_id.as_deref().or(config.service_id.as_deref()),
    };
    let records = match config.format {
        RecordFormat::DataHistory => data_history::records(&context, &changes),
        RecordFormat::TimeSeriesInsights => time_series_insights::record(&context, &changes),
    };
    records.map_err(|_| BadEvent::Unwritable)
}

/// The properties that a notification gives values to. A deletion is not a removal of every property.
fn changes<'a>(notification: &Notification<'a>, config: &Config) -> Result<Vec<Change<'a>>, BadPayload> {
    match &notification.occurrence {
        Occurrence::Created { snapshot } => flatten::object(snapshot, &[], config.object_values),
        Occurrence::Updated { patch } => patch.changes(config.object_values),
        Occurrence::Deleted => Ok(Vec::new()),
        Occurrence::Telemetry { component, payload } => flatten::object(payload, component, config.object_values),
    }
}
