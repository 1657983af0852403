//! Records as events of the hub: one each, or those of a group together.

use std::{ops::Range, sync::Arc};

/// The bytes that an event can have on every tier of the service.
const SURE_TO_FIT: usize = 64 * 1024;

/// What one event of the hub carries. A throughput unit takes 1,000 events or 1 MB a second, whichever comes first, so
/// that packing saves units where groups have many records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Body {
    /// One record.
    #[default]
    Record,
    /// The records of a group, one a line: what Data Explorer and Eventhouse read as `json`.
    Lines,
    /// The records of a group as a JSON array: what Stream Analytics and Time Series Insights read.
    Array,
}

/// Records that belong together: they go to one partition, stay in their order, and are settled as one.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The partition key. Groups of one key stay in order.
    pub key: String,
    /// What the identities of events are made of, by which consumers can drop repeats: this where one event carries all
    /// of the group, else `<id>#<index of the event's first record>`. It is the AMQP message-id.
    pub id: String,
    /// A W3C trace context, carried as the application property `Diagnostic-Id`.
    pub traceparent: Option<String>,
    /// The records, each JSON on one line, one after the other.
    pub text: Vec<u8>,
    /// Each of the records in `text`, in order.
    pub entries: Vec<Entry>,
}

/// A record of a group.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The offset in [`Group::text`] at which its text ends. It begins where the one before ends.
    pub end: usize,
    /// The Data Explorer table for it, which the event then names as its property `Table`. A data connection can route by
    /// it.
    pub table: Option<Arc<str>>,
}

/// The events that carry a group.
#[derive(Debug)]
pub struct Messages {
    group: Group,
    body: Body,
    list: Vec<Message>,
}

/// One event: its records, all of one table; never none.
#[derive(Debug, Clone)]
pub(crate) struct Message(Range<usize>);

impl Group {
    /// The bytes that it takes in memory, about.
    pub fn bytes(&self) -> usize {
        /// What a record takes beside its text: its place in lists, its event's properties.
        const OVERHEAD: usize = 128;

        self.text.len() + self.entries.len() * OVERHEAD
    }
}

impl Messages {
    /// Puts a group into events.
    pub fn new(group: Group, body: Body) -> Self {
        let entries = &group.entries;
        let mut list: Vec<Message> = Vec::with_capacity(if body == Body::Record { entries.len() } else { 1 });
        for (index, entry) in entries.iter().enumerate() {
            match list.last_mut() {
                Some(Message(open)) if body != Body::Record && entries[open.start].table == entry.table => {
                    open.end += 1;
                }
                _ => list.push(Message(index..index + 1)),
            }
        }
        Self { group, body, list }
    }

    pub(crate) fn key(&self) -> &str {
        &self.group.key
    }

    /// The bytes that they take in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.group.bytes()
    }

    pub(crate) fn list(&self) -> &[Message] {
        &self.list
    }

    /// Makes two messages of one that is too large. False if it has only one record.
    pub(crate) fn split(&mut self, index: usize) -> bool {
        let Some(Message(records)) = self.list.get_mut(index).filter(|message| message.0.len() > 1) else {
            return false;
        };
        let second = records.start + records.len() / 2..records.end;
        records.end = second.start;
        self.list.insert(index + 1, Message(second));
        true
    }

    /// Writes the message-id.
    pub(crate) fn write_id(&self, message: &Message, out: &mut Vec<u8>) {
        out.extend_from_slice(self.group.id.as_bytes());
        if self.body == Body::Record || self.list.len() > 1 {
            out.push(b'#');
            out.extend_from_slice(itoa::Buffer::new().format(message.0.start).as_bytes());
        }
    }

    /// Writes the text that the event carries.
    pub(crate) fn write_body(&self, message: &Message, out: &mut Vec<u8>) {
        let [open, separator, close]: [&[u8]; 3] = match self.body {
            Body::Record | Body::Lines => [b"", b"\n", b""],
            Body::Array => [b"[", b",", b"]"],
        };
        let mut before = open;
        for index in message.0.clone() {
            out.extend_from_slice(before);
            out.extend_from_slice(&self.group.text[self.start(index)..self.group.entries[index].end]);
            before = separator;
        }
        out.extend_from_slice(close);
    }

    /// The bytes of a message's records and of what separates them.
    pub(crate) fn size(&self, message: &Message) -> usize {
        let Message(records) = message;
        self.start(records.end) - self.start(records.start) + records.len()
    }

    /// Whether a message might not fit into an event. Below this it does on every tier of the service.
    pub(crate) fn is_large(&self, message: &Message) -> bool {
        self.size(message) > SURE_TO_FIT
    }

    /// Whether any of the messages might not fit into an event.
    pub(crate) fn any_is_large(&self) -> bool {
        self.group.text.len() + self.group.entries.len() > SURE_TO_FIT
            && self.list.iter().any(|message| self.is_large(message))
    }

    /// The application properties of the event: the trace context, and the table and the format of the body for a data
    /// connection of Data Explorer that routes by event. Source: learn.microsoft.com, "Azure Event Hubs data
    /// connection", ingestion properties.
    pub(crate) fn properties<'a>(
        &'a self,
        message: &Message,
    ) -> impl Iterator<Item = (&'static str, &'a str)> + Clone + use<'a> {
        let format = if self.body == Body::Array { "multijson" } else { "json" };
        let table = self.group.entries[message.0.start].table.as_deref();
        [("Diagnostic-Id", self.group.traceparent.as_deref()), ("Table", table), ("Format", table.map(|_| format))]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }

    /// Where the text of a record starts, or that of all ends.
    fn start(&self, record: usize) -> usize {
        record.checked_sub(1).map_or(0, |before| self.group.entries[before].end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(body: Body, tables: &[Option<&str>]) -> Messages {
        // Each record is its index.
        let text = (0..tables.len()).flat_map(|index| index.to_string().into_bytes()).collect();
        let entries =
            tables.iter().enumerate().map(|(index, &table)| Entry { end: index + 1, table: table.map(Arc::from) });
        let group =
            Group { key: "t".to_owned(), id: "e".to_owned(), traceparent: None, text, entries: entries.collect() };
        Messages::new(group, body)
    }

    /// Each message's identity, table and format, and body.
    fn seen(messages: &Messages) -> Vec<[String; 3]> {
        let seen = |message| {
            let properties: Vec<_> = messages.properties(message).map(|(_, value)| value).collect();
            let mut body = Vec::new();
            messages.write_body(message, &mut body);
            let mut id = Vec::new();
            messages.write_id(message, &mut id);
            [String::from_utf8(id).unwrap(), properties.join(" "), String::from_utf8(body).unwrap()]
        };
        messages.list().iter().map(seen).collect()
    }

    #[test]
    fn a_record_each_has_its_own_identity() {
        let messages = messages(Body::Record, &[None, None]);
        assert_eq!(seen(&messages), [["e#0", "", "0"], ["e#1", "", "1"]]);
    }

    #[test]
    fn packed_records_have_that_of_the_event() {
        assert_eq!(seen(&messages(Body::Lines, &[None; 3])), [["e", "", "0\n1\n2"]]);
        assert_eq!(seen(&messages(Body::Array, &[None; 3])), [["e", "", "[0,1,2]"]]);
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
