//! One partition: an append-only log of events, of which the oldest are dropped when it has grown too large.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use time::OffsetDateTime;
use tokio::sync::watch;

use super::{
    event::{Event, Record},
    start_position::{Field, StartPosition},
};

/// What a record costs beside the bytes it holds, so that retention bounds memory for tiny events too.
const OVERHEAD: usize = 128;

/// A log of events.
#[derive(Debug)]
pub(super) struct Partition {
    log: Mutex<Log>,
    /// The sequence number that the next event will get; consumers at the end of the log wait for it to change.
    tip: watch::Sender<i64>,
    transfers: AtomicU64,
    retention_bytes: usize,
}

#[derive(Debug)]
struct Log {
    records: VecDeque<Arc<Record>>,
    bytes: usize,
    end: End,
}

/// Where a log ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// The sequence number of the oldest event retained; equal to `next_sequence_number` when there is none.
    pub(super) first_sequence_number: i64,
    /// The sequence number that the next event will get.
    pub(super) next_sequence_number: i64,
    /// The offset that the next event will get: the bytes that came before it.
    next_offset: i64,
    /// The offset of the newest event, -1 when there never was one.
    pub(super) last_offset: i64,
    /// When the newest event came.
    pub(super) last_enqueued: Option<OffsetDateTime>,
}

impl Partition {
    pub(super) fn new(retention_bytes: usize) -> Self {
        let end = End {
            first_sequence_number: 0,
            next_sequence_number: 0,
            next_offset: 0,
            last_offset: -1,
            last_enqueued: None,
        };
        Self {
            log: Mutex::new(Log { records: VecDeque::new(), bytes: 0, end }),
            tip: watch::Sender::new(0),
            transfers: AtomicU64::new(0),
            retention_bytes,
        }
    }

    /// Appends the events of one transfer. They follow each other without a gap and share their time.
    pub(super) fn append(&self, events: Vec<Event>) {
        let mut log = self.log.lock();
        // The service's clock never runs backwards within a partition, and AMQP carries milliseconds.
        let now = OffsetDateTime::now_utc();
        let now = now.truncate_to_millisecond();
        let enqueued_time = log.end.last_enqueued.map_or(now, |last| last.max(now));
        for event in events {
            log.push(event, enqueued_time);
        }
        log.drop_oldest(self.retention_bytes);
        self.tip.send_replace(log.end.next_sequence_number);
    }

    /// At most `limit` events from a sequence number on; later ones if those have been dropped already.
    pub(super) fn read(&self, from: i64, limit: usize) -> Vec<Arc<Record>> {
        let log = self.log.lock();
        let start = log.records.partition_point(|record| record.sequence_number < from);
        log.records.iter().skip(start).take(limit).cloned().collect()
    }

    /// The sequence number of the first event that a consumer with this start position gets.
    pub(super) fn locate(&self, start: &StartPosition) -> i64 {
        let log = self.log.lock();
        let StartPosition::After { field, value, inclusive } = *start else { return log.end.next_sequence_number };
        if field == Field::SequenceNumber {
            return if inclusive { value } else { value.saturating_add(1) };
        }
        let place = |record: &Record| match field {
            Field::Offset => record.offset,
            Field::EnqueuedTime => record.enqueued_milliseconds(),
            Field::SequenceNumber => record.sequence_number,
        };
        let passed = log.records.partition_point(|record| match place(record) {
            place if inclusive => place < value,
            place => place <= value,
        });
        log.records.get(passed).map_or(log.end.next_sequence_number, |record| record.sequence_number)
    }

    pub(super) fn end(&self) -> End {
        self.log.lock().end
    }

    pub(super) fn retained(&self) -> usize {
        self.log.lock().records.len()
    }

    /// A receiver that changes whenever events were appended.
    pub(super) fn tip(&self) -> watch::Receiver<i64> {
        self.tip.subscribe()
    }

    /// Counts a transfer that arrived, whatever will become of it.
    pub(super) fn count_transfer(&self) {
        self.transfers.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn transfers(&self) -> u64 {
        self.transfers.load(Ordering::Relaxed)
    }
}

impl Log {
    fn push(&mut self, event: Event, enqueued_time: OffsetDateTime) {
        let record = Record {
            sequence_number: self.end.next_sequence_number,
            offset: self.end.next_offset,
            enqueued_time,
            event,
        };
        let size = record.event.encoded.len();
        self.bytes += size + OVERHEAD;
        self.end.next_sequence_number += 1;
        self.end.next_offset += i64::try_from(size).unwrap_or(i64::MAX);
        self.end.last_offset = record.offset;
        self.end.last_enqueued = Some(enqueued_time);
        self.records.push_back(Arc::new(record));
    }

    /// The newest event stays even if it is too large alone: a log that swallows what it accepted would be no log.
    fn drop_oldest(&mut self, retention_bytes: usize) {
        while self.bytes > retention_bytes && self.records.len() > 1 {
            if let Some(oldest) = self.records.pop_front() {
                self.bytes -= oldest.event.encoded.len() + OVERHEAD;
                self.end.first_sequence_number = oldest.sequence_number + 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::event::Event, Field, OVERHEAD, Partition, StartPosition};

    fn event(size: usize) -> Event {
        Event { encoded: vec![0; size], partition_key: None }
    }

    fn after(field: Field, value: i64, inclusive: bool) -> StartPosition {
        StartPosition::After { field, value, inclusive }
    }

    #[test]
    fn offsets_count_bytes_and_sequence_numbers_count_events() {
        let partition = Partition::new(10_000);
        partition.append(vec![event(10), event(20)]);
        partition.append(vec![event(5)]);
        let places: Vec<_> =
            partition.read(0, 10).iter().map(|record| (record.sequence_number, record.offset)).collect();
        assert_eq!(places, [(0, 0), (1, 10), (2, 30)]);
        assert_eq!(partition.end().last_offset, 30);
    }

    #[test]
    fn the_oldest_are_dropped_but_never_the_newest() {
        let partition = Partition::new(2 * (100 + OVERHEAD));
        for _ in 0..5 {
            partition.append(vec![event(100)]);
        }
        assert_eq!(partition.retained(), 2);
        assert_eq!(partition.end().first_sequence_number, 3);
        assert_eq!(partition.read(0, 1)[0].sequence_number, 3, "a reader that is too late goes on with what is left");

        partition.append(vec![event(100_000)]);
        assert_eq!(partition.retained(), 1);
    }

    #[test]
    fn a_start_position_is_found_by_each_field() {
        let partition = Partition::new(10_000);
        partition.append(vec![event(10), event(20)]);
        partition.append(vec![event(5)]);
        let time = partition.read(0, 1)[0].enqueued_milliseconds();

        assert_eq!(partition.locate(&after(Field::Offset, -1, false)), 0);
        assert_eq!(partition.locate(&after(Field::Offset, 10, false)), 2);
        assert_eq!(partition.locate(&after(Field::Offset, 10, true)), 1);
        assert_eq!(partition.locate(&after(Field::SequenceNumber, 0, false)), 1);
        assert_eq!(partition.locate(&after(Field::SequenceNumber, 0, true)), 0);
        assert_eq!(partition.locate(&after(Field::EnqueuedTime, time, true)), 0);
        assert_eq!(partition.locate(&after(Field::EnqueuedTime, time + 60_000, false)), 3);
        assert_eq!(partition.locate(&StartPosition::Latest), 3);
    }
}
