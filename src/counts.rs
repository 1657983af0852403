//! What has become of events and deliveries, in numbers.

use std::{
    collections::BTreeMap,
    ops::AddAssign,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

/// What became of the events of one delivery, or of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// How many events there were.
    pub events: u64,
    /// Records that the hub accepted.
    pub records: u64,
    /// Events that gave no record, such as a change of nothing but metadata.
    pub empty: u64,
    /// Events that are none of Azure Digital Twins'.
    pub ignored: u64,
    /// Events that were not stored again, because this process had stored them already.
    pub repeats: u64,
    /// Events that were set aside.
    pub set_aside: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.events += more.events;
        self.records += more.records;
        self.empty += more.empty;
        self.ignored += more.ignored;
        self.repeats += more.repeats;
        self.set_aside += more.set_aside;
    }
}

/// Running totals since the start, for `GET /`.
#[derive(Debug, Default)]
pub struct Totals(Mutex<Snapshot>);

/// The totals at one time.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Deliveries that are being worked on.
    in_flight: u64,
    /// Deliveries that were answered as done.
    delivered: u64,
    /// Deliveries that failed, by the kind of trouble.
    failed: BTreeMap<&'static str, u64>,
    #[serde(flatten)]
    counts: Counts,
}

impl Totals {
    /// A delivery begins. It ends when the answer is dropped, whatever becomes of it.
    pub fn begin(&self) -> InFlight<'_> {
        self.change(|totals| totals.in_flight += 1);
        InFlight(self)
    }

    /// A delivery was answered as done.
    pub fn delivered(&self, counts: Counts) {
        self.change(|totals| {
            totals.delivered += 1;
            totals.counts += counts;
        });
    }

    /// A delivery was answered as failed, with this kind of trouble.
    pub fn failed(&self, kind: &'static str) {
        self.change(|totals| *totals.failed.entry(kind).or_default() += 1);
    }

    /// The totals now.
    pub fn snapshot(&self) -> Snapshot {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A delivery that is being worked on.
#[derive(Debug)]
pub struct InFlight<'a>(&'a Totals);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.change(|totals| totals.in_flight -= 1);
    }
}
