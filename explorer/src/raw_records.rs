//! The newest records as they came, for the table.

use std::{collections::VecDeque, sync::Arc};

use crate::moment::Nanoseconds;

/// Where in the hub a record was, and when it got there.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) partition: Arc<str>,
    pub(crate) sequence_number: i64,
    pub(crate) enqueued: Nanoseconds,
}

/// A record as it came.
#[derive(Clone, Debug)]
pub(crate) struct RawRecord {
    /// Counts all records that were ever read, from 1.
    pub(crate) number: u64,
    pub(crate) origin: Origin,
    pub(crate) text: Arc<str>,
    /// The twin that it is about; none if it can't be read.
    pub(crate) twin: Option<Arc<str>>,
    /// The keys whose values it has.
    pub(crate) keys: Box<[Arc<str>]>,
    /// What is wrong with it or special about it.
    pub(crate) remark: Option<&'static str>,
}

/// What a record costs beside its text.
const OVERHEAD: usize = 160;

/// A bounded list of records, newest last.
#[derive(Debug)]
pub(crate) struct RawRecords {
    records: VecDeque<RawRecord>,
    bytes: usize,
    most_records: usize,
    most_bytes: usize,
}

impl RawRecords {
    pub(crate) fn new(most_records: usize, most_bytes: usize) -> Self {
        Self { records: VecDeque::new(), bytes: 0, most_records, most_bytes }
    }

    pub(crate) fn push(&mut self, record: RawRecord) {
        self.bytes += record.text.len() + OVERHEAD;
        self.records.push_back(record);
        while self.records.len() > self.most_records || self.bytes > self.most_bytes {
            let Some(oldest) = self.records.pop_front() else { return };
            self.bytes -= oldest.text.len() + OVERHEAD;
        }
    }

    /// The newest first, those before a number only if one is given.
    pub(crate) fn newest(&self, before: Option<u64>) -> impl Iterator<Item = &RawRecord> {
        let end = before.map_or(self.records.len(), |before| self.records.partition_point(|at| at.number < before));
        self.records.range(..end).rev()
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64, size: usize) -> RawRecord {
        let origin = Origin { partition: "0".into(), sequence_number: 0, enqueued: 0 };
        RawRecord { number, origin, text: "x".repeat(size).into(), twin: None, keys: Box::default(), remark: None }
    }

    #[test]
    fn records_are_bounded_by_number_and_by_bytes() {
        let mut records = RawRecords::new(3, 10_000);
        (1..=5).for_each(|number| records.push(record(number, 10)));
        let numbers = |records: &RawRecords| records.newest(None).map(|record| record.number).collect::<Vec<_>>();
        assert_eq!(numbers(&records), [5, 4, 3]);
        assert_eq!(records.newest(Some(5)).count(), 2);
        records.push(record(6, 9_800));
        assert_eq!(numbers(&records), [6]);
    }
}
