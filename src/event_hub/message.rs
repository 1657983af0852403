//! Records as messages of the event hub: one each, or those of a notification together.

use std::sync::Arc;

/// What one event of the hub carries (setting `EVENT_HUB_BODY`). A throughput unit takes 1,000 events or 1 MB a second,
/// whichever comes first, so that packing saves units where notifications have many records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Body {
    /// One record.
    #[default]
    Record,
    /// The records of a notification, one a line: what Data Explorer and Eventhouse read as `json`.
    Lines,
    /// The records of a notification as a JSON array: what Stream Analytics and Time Series Insights read.
    Array,
}

/// The messages of one notification. They go to one partition and stay in their order.
#[derive(Debug)]
pub struct Messages {
    /// Decides the partition: the twin's id, so that a twin's history stays in order.
    pub partition_key: String,
    /// The W3C trace context, carried as the application property `Diagnostic-Id`.
    pub traceparent: Option<String>,
    event_id: String,
    body: Body,
    list: Vec<Message>,
}

/// A record on its way.
#[derive(Debug)]
pub struct Entry {
    /// Its identity.
    pub id: String,
    /// JSON on one line.
    pub text: Vec<u8>,
    /// The Data Explorer table that it belongs to, where the event is to say it.
    pub table: Option<Arc<str>>,
}

/// One event for the hub.
#[derive(Debug)]
pub(super) struct Message {
    /// All of one table; never none.
    entries: Vec<Entry>,
}

impl Messages {
    /// Puts the records of the notification `event_id` into messages, in their order.
    pub fn new(
        event_id: &str,
        partition_key: &str,
        traceparent: Option<&str>,
        body: Body,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Self {
        let mut list: Vec<Message> = Vec::new();
        for entry in entries {
            match list.last_mut() {
                Some(open) if body != Body::Record && open.table() == entry.table.as_deref() => {
                    open.entries.push(entry);
                }
                _ => list.push(Message { entries: vec![entry] }),
            }
        }
        Self {
            partition_key: partition_key.to_owned(),
            traceparent: traceparent.map(str::to_owned),
            event_id: event_id.to_owned(),
            body,
            list,
        }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.list.iter().map(|message| message.entries.len()).sum()
    }

    /// Their bytes, about.
    pub(super) fn bytes(&self) -> usize {
        /// What a record takes in memory beside its text: its identity, its place in lists, its message's properties.
        const OVERHEAD: usize = 256;

        self.list.iter().flat_map(|message| &message.entries).map(|entry| entry.text.len() + OVERHEAD).sum()
    }

    pub(super) fn list(&self) -> &[Message] {
        &self.list
    }

    /// Makes two messages of one that is too large. False if it has only one record.
    pub(super) fn split(&mut self, index: usize) -> bool {
        let Some(message) = self.list.get_mut(index).filter(|message| message.entries.len() > 1) else {
            return false;
        };
        let entries = message.entries.split_off(message.entries.len() / 2);
        self.list.insert(index + 1, Message { entries });
        true
    }

    /// The message-id, by which consumers can drop repeats: the event's id where one message carries all of it, else
    /// the identity of the message's first record.
    pub(super) fn id<'a>(&'a self, message: &'a Message) -> &'a str {
        let first = message.entries.first().map_or(&*self.event_id, |entry| &entry.id);
        if self.body != Body::Record && self.list.len() == 1 { &self.event_id } else { first }
    }

    /// Writes the text that the event carries.
    pub(super) fn write_body(&self, message: &Message, out: &mut Vec<u8>) {
        let [open, separator, close]: [&[u8]; 3] = match self.body {
            Body::Record | Body::Lines => [b"", b"\n", b""],
            Body::Array => [b"[", b",", b"]"],
        };
        let mut before = open;
        for entry in &message.entries {
            out.extend_from_slice(before);
            out.extend_from_slice(&entry.text);
            before = separator;
        }
        out.extend_from_slice(close);
    }

    /// The application properties of the event: the trace context, and the table and the format of the body for a data
    /// connection of Data Explorer that routes by event. Source: learn.microsoft.com, "Azure Event Hubs data
    /// connection", ingestion properties.
    pub(super) fn properties<'a>(
        &'a self,
        message: &'a Message,
    ) -> impl Iterator<Item = (&'static str, &'a str)> + Clone {
        let format = if self.body == Body::Array { "multijson" } else { "json" };
        let table = message.table();
        [("Diagnostic-Id", self.traceparent.as_deref()), ("Table", table), ("Format", table.map(|_| format))]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }
}

impl Message {
    fn table(&self) -> Option<&str> {
        self.entries.first().and_then(|entry| entry.table.as_deref())
    }

    /// Whether it might not fit into an event. Below this it does on every tier of the service.
    pub(super) fn is_large(&self) -> bool {
        const SURE_TO_FIT: usize = 64 * 1024;

        self.size() > SURE_TO_FIT
    }

    /// The bytes of its records and what separates them.
    pub(super) fn size(&self) -> usize {
        self.entries.iter().map(|entry| entry.text.len() + 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(body: Body, tables: &[Option<&str>]) -> Messages {
        let entries = tables.iter().enumerate().map(|(index, &table)| Entry {
            id: format!("e#{index}"),
            text: index.to_string().into_bytes(),
            table: table.map(Arc::from),
        });
        Messages::new("e", "t", None, body, entries)
    }

    /// Each message's identity, table and format, and body.
    fn seen(messages: &Messages) -> Vec<[String; 3]> {
        let seen = |message| {
            let properties: Vec<_> = messages.properties(message).map(|(_, value)| value).collect();
            let mut body = Vec::new();
            messages.write_body(message, &mut body);
            [messages.id(message).to_owned(), properties.join(" "), String::from_utf8(body).unwrap()]
        };
        messages.list().iter().map(seen).collect()
    }

    #[test]
    fn a_record_each_has_its_own_identity() {
        let messages = messages(Body::Record, &[None, None]);
        assert_eq!(seen(&messages), [["e#0", "", "0"], ["e#1", "", "1"]]);
        assert_eq!(messages.records(), 2);
    }

    #[test]
    fn packed_records_have_that_of_the_event() {
        assert_eq!(seen(&messages(Body::Lines, &[None; 3])), [["e", "", "0\n1\n2"]]);
        assert_eq!(seen(&messages(Body::Array, &[None; 3])), [["e", "", "[0,1,2]"]]);
        assert!(messages(Body::Array, &[]).is_empty());
    }

    #[test]
    fn each_table_has_its_own_message() {
        let tables = [Some("Twins"), Some("Properties"), Some("Properties")];
        let lines = seen(&messages(Body::Lines, &tables));
        assert_eq!(lines, [["e#0", "Twins json", "0"], ["e#1", "Properties json", "1\n2"]]);
        assert_eq!(seen(&messages(Body::Array, &tables))[1], ["e#1", "Properties multijson", "[1,2]"]);
    }

    #[test]
    fn a_message_is_split_in_the_middle_until_one_record_is_left() {
        let mut messages = messages(Body::Lines, &[None; 5]);
        assert!(messages.split(0));
        assert!(messages.split(1));
        assert_eq!(seen(&messages), [["e#0", "", "0\n1"], ["e#2", "", "2"], ["e#3", "", "3\n4"]]);
        assert!(!messages.split(1));
    }
}
