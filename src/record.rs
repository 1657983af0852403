//! An occurrence as records: the fourth step of the flow, and the shapes that consumers see.

use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

use crate::{
    flatten::{self, BadPayload, Change},
    notification::{BadEvent, Notification, Occurrence},
    settings::RecordSettings,
};

mod data_history;
mod time_series_insights;

/// The shape of records (setting `RECORD_FORMAT`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordFormat {
    /// One record per property and one per beginning or end of a twin or relationship, in the names and meanings of the
    /// data history feature of Azure Digital Twins, plus `EventId`.
    #[default]
    DataHistory,
    /// One record per notification with all of its properties, as Time Series Insights took it.
    TimeSeriesInsights,
}

/// What a record is about, and so the Data Explorer table that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// Values of properties, of twins as well as of relationships, and telemetry.
    Property,
    /// The beginning or end of a twin.
    Twin,
    /// The beginning or end of a relationship.
    Relationship,
}

/// The records of one notification as the event hub will carry them, in their order.
///
/// A record's identity, its `EventId`, is `<event id>#<its index here>`: the same in every redelivery, so that consumers
/// can drop repeats.
#[derive(Debug, Default)]
pub struct Records {
    /// Their JSON, one after the other.
    text: Vec<u8>,
    /// What each is about, and where its text ends.
    list: Vec<(RecordKind, usize)>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// What it is about.
    pub kind: RecordKind,
    /// The record as JSON, on one line.
    pub text: &'a [u8],
}

impl Records {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Each by itself.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let mut start = 0;
        self.list.iter().map(move |&(kind, end)| {
            let text = &self.text[start..end];
            start = end;
            Record { kind, text }
        })
    }

    /// The text of all, and where in it the text of each ends.
    pub fn into_parts(self) -> (Vec<u8>, Vec<(RecordKind, usize)>) {
        (self.text, self.list)
    }

    /// Ends the record that has been written last.
    fn end(&mut self, kind: RecordKind) {
        self.list.push((kind, self.text.len()));
    }
}

/// Writes the records of one notification; there may be none, as for a change of nothing but metadata.
///
/// All of them carry one time, since consumers join the values of a patch on it: the notification's own, else
/// `received_at`.
pub fn records(
    notification: &Notification<'_>,
    settings: &RecordSettings,
    received_at: &str,
) -> Result<Records, BadEvent> {
    let changes = changes(notification, settings)?;
    let context = Context {
        notification,
        time_stamp: notification.time.as_deref().unwrap_or(received_at),
        service_id: notification.service_id.as_deref().or(settings.service_id.as_deref()),
    };
    let records = match settings.format {
        RecordFormat::DataHistory => data_history::records(&context, &changes),
        RecordFormat::TimeSeriesInsights => time_series_insights::record(&context, &changes),
    };
    records.map_err(|_| BadEvent::Unwritable)
}

/// Writes the identity of the record with this index among a notification's.
pub fn write_event_id(notification_id: &str, index: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(notification_id.as_bytes());
    out.push(b'#');
    out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
}

/// A time as Azure Digital Twins writes its own: seven digits, UTC.
pub fn time_stamp(time: OffsetDateTime) -> String {
    const LIKE_THE_SERVICE: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");
    time.to_offset(UtcOffset::UTC).format(LIKE_THE_SERVICE).unwrap_or_default()
}

/// What all records of a notification have in common.
struct Context<'a> {
    notification: &'a Notification<'a>,
    time_stamp: &'a str,
    service_id: Option<&'a str>,
}

/// The properties that a notification gives values to. A deletion is not a removal of every property.
fn changes<'a>(notification: &Notification<'a>, settings: &RecordSettings) -> Result<Vec<Change<'a>>, BadPayload> {
    match &notification.occurrence {
        Occurrence::Created { snapshot } => flatten::object(snapshot, &[], settings.object_values),
        Occurrence::Updated { patch } => patch.changes(settings.object_values),
        Occurrence::Deleted => Ok(Vec::new()),
        Occurrence::Telemetry { component, payload } => flatten::object(payload, component, settings.object_values),
    }
}

#[cfg(test)]
mod tests;
