//! The records of a notification, one after another.

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
    pub(super) text: Vec<u8>,
    /// What each is about, and where its text ends.
    pub(super) list: Vec<(RecordKind, usize)>,
}

/// One record, as [`Records::iter`] gives it.
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
    pub(super) fn end(&mut self, kind: RecordKind) {
        self.list.push((kind, self.text.len()));
    }
}
