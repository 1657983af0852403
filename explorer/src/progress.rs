//! How far reading has come: the state of the connection, and of each partition what was read and what is to come.

use std::sync::Arc;

use crate::moment::{MILLISECOND, Nanoseconds};

/// How the reader stands with the hub.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) connection: Connection,
    /// In the hub's order; empty until it has named them.
    pub(crate) partitions: Vec<Standing>,
}

/// The connection to the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Connection {
    /// It is being opened.
    #[default]
    Opening,
    /// Events arrive as they come, or each partition says why not.
    Reading,
    /// There is none, for this reason; it is opened again after a moment.
    Lost(String),
}

/// How far a partition is read.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) id: Arc<str>,
    /// The sequence number of the last event that was read and taken in.
    pub(crate) position: Option<i64>,
    /// When the hub took that event.
    pub(crate) enqueued: Option<Nanoseconds>,
    /// Where the partition ends, as far as is known.
    pub(crate) end: Option<End>,
    /// Why nothing comes from it.
    pub(crate) problem: Option<String>,
    /// Nothing that the hub took before is wanted.
    since: Option<Nanoseconds>,
}

/// The ends of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// The first sequence number that it retains.
    pub(crate) first: i64,
    /// The last that it has given; -1 if it has given none.
    pub(crate) last: i64,
    /// When it has given that.
    pub(crate) last_enqueued: Nanoseconds,
    /// Whether it retains nothing.
    pub(crate) is_empty: bool,
}

impl Progress {
    /// The partition with this id, if the hub has it.
    pub(crate) fn partition(&mut self, id: &str) -> Option<&mut Standing> {
        self.partitions.iter_mut().find(|standing| &*standing.id == id)
    }

    /// Sets the partitions to these; what is known of them stays known.
    pub(crate) fn set_partitions(&mut self, ids: &[Arc<str>], since: Option<Nanoseconds>) {
        let mut before = std::mem::take(&mut self.partitions);
        let standing = |id: &Arc<str>| match before.iter().position(|standing| standing.id == *id) {
            Some(place) => before.swap_remove(place),
            None => Standing::new(Arc::clone(id), since),
        };
        self.partitions = ids.iter().map(standing).collect();
    }

    /// How many events are still to be read; `None` while that is not known of each partition.
    pub(crate) fn behind(&self) -> Option<u64> {
        if self.partitions.is_empty() {
            return None;
        }
        self.partitions.iter().map(Standing::behind).sum()
    }

    /// Why nothing comes at all: the connection is lost, or each partition has its problem.
    pub(crate) fn reason(&self) -> Option<&str> {
        if let Connection::Lost(reason) = &self.connection {
            return Some(reason);
        }
        let first = self.partitions.first()?.problem.as_deref()?;
        self.partitions.iter().all(|standing| standing.problem.is_some()).then_some(first)
    }
}

impl Standing {
    fn new(id: Arc<str>, since: Option<Nanoseconds>) -> Self {
        Self { id, position: None, enqueued: None, end: None, problem: None, since }
    }

    /// Takes note of an event that was taken in.
    pub(crate) fn read(&mut self, position: i64, enqueued: Nanoseconds) {
        self.position = Some(position);
        self.enqueued = Some(enqueued);
        self.problem = None;
    }

    /// Takes note of where the partition ends, which an event tells: what it retains is not among that.
    pub(crate) fn ends_at(&mut self, last: i64) {
        if let Some(end) = &mut self.end {
            end.last = end.last.max(last);
            end.is_empty = false;
        }
    }

    /// How many events are still to be read. Unknown until the first of those since a time has come.
    pub(crate) fn behind(&self) -> Option<u64> {
        let end = self.end?;
        let read = match (self.position, self.since) {
            (Some(position), _) => position.max(end.first - 1),
            _ if end.is_empty => end.last,
            (None, None) => end.first - 1,
            // The hub counts in whole milliseconds.
            (None, Some(since)) if end.last_enqueued + MILLISECOND <= since => end.last,
            (None, Some(_)) => return None,
        };
        Some(u64::try_from(end.last - read).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::SECOND;

    const END: End = End { first: 10, last: 29, last_enqueued: 100 * SECOND, is_empty: false };

    fn standing(since: Option<Nanoseconds>, end: End) -> Standing {
        Standing { end: Some(end), ..Standing::new("0".into(), since) }
    }

    #[test]
    fn behind_is_what_is_retained_and_not_read() {
        assert_eq!(Standing::new("0".into(), None).behind(), None, "nothing is known yet");
        let mut all = standing(None, END);
        assert_eq!(all.behind(), Some(20));
        all.read(19, 0);
        assert_eq!(all.behind(), Some(10));
        all.ends_at(39);
        assert_eq!(all.behind(), Some(20));
        all.end = Some(End { first: 35, ..END });
        all.ends_at(39);
        assert_eq!(all.behind(), Some(5), "what is not retained any more will not come");
        assert_eq!(standing(None, End { is_empty: true, ..END }).behind(), Some(0));
    }

    #[test]
    fn since_a_time_it_is_known_from_the_first_event_on() {
        assert_eq!(standing(Some(50 * SECOND), END).behind(), None);
        assert_eq!(standing(Some(101 * SECOND), END).behind(), Some(0), "nothing that old is wanted");
        let mut since = standing(Some(50 * SECOND), END);
        since.read(25, 0);
        assert_eq!(since.behind(), Some(4));
    }

    #[test]
    fn the_reason_is_that_of_all() {
        let mut progress = Progress::default();
        progress.set_partitions(&["0".into(), "1".into()], None);
        progress.partitions[0].problem = Some("No.".to_owned());
        assert_eq!(progress.reason(), None);
        progress.partitions[1].problem = Some("Nor here.".to_owned());
        assert_eq!(progress.reason(), Some("No."));
        progress.connection = Connection::Lost("Gone.".to_owned());
        assert_eq!(progress.reason(), Some("Gone."));
        progress.set_partitions(&["1".into(), "2".into()], None);
        assert_eq!(progress.partitions[0].problem.as_deref(), Some("Nor here."));
        assert_eq!(progress.behind(), None);
    }
}
