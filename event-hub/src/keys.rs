//! Which keys are in flight: a key's jobs are with one batch at a time, so that its history stays in order.

use std::collections::{HashMap, hash_map::Entry};

use crate::job::Job;

/// Keys by their hashes. Keys that share a hash wait for one another.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    in_flight: HashMap<u64, KeyInFlight>,
    batches: u64,
}

#[derive(Debug)]
struct KeyInFlight {
    batch: u64,
    /// The jobs that must not overtake those in the batch.
    waiting: Vec<Job>,
}

/// The keys of a batch while it is filled.
#[derive(Debug)]
pub(crate) struct BatchKeys {
    batch: u64,
    keys: Vec<u64>,
}

impl Keys {
    /// Begins a batch.
    pub(crate) fn batch(&mut self) -> BatchKeys {
        self.batches += 1;
        BatchKeys { batch: self.batches, keys: Vec::new() }
    }

    /// Answers the job if it may go with the batch, and keeps it while its key is in flight with another.
    pub(crate) fn admit(&mut self, job: Job, batch: &mut BatchKeys) -> Option<Job> {
        match self.in_flight.entry(job.key()) {
            Entry::Occupied(mut other) if other.get().batch != batch.batch => {
                other.get_mut().waiting.push(job);
                return None;
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(free) => {
                batch.keys.push(*free.key());
                free.insert(KeyInFlight { batch: batch.batch, waiting: Vec::new() });
            }
        }
        Some(job)
    }

    /// The batch has come to its end: answers what waited for its keys, each key's in order.
    pub(crate) fn release(&mut self, batch: &BatchKeys) -> Vec<Job> {
        batch.keys.iter().filter_map(|key| self.in_flight.remove(key)).flat_map(|key| key.waiting).collect()
    }
}
