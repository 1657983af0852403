//! What waits for one partition, and how much of it may be in flight.
//!
//! A batch leaves as soon as there is a job for it and takes all that has queued: no timer, no added latency when it is
//! quiet, large batches when it is busy. Several are in flight at once, so that nobody waits for the outcome of others.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use crate::{
    answer_time::AnswerTime,
    job::Job,
    keys::{BatchKeys, Keys},
    transport::InFlight,
};

/// The queue of a partition.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) partition_id: Rc<str>,
    /// How long an outcome may take; what one batch learns of it, all know.
    pub(crate) answer_time: Rc<RefCell<AnswerTime>>,
    /// Jobs in their order.
    pub(crate) pending: VecDeque<Job>,
    /// How many batches are in flight.
    pub(crate) batches: usize,
    /// Whether the hub said that it has no such partition.
    pub(crate) is_gone: bool,
}

impl Queue {
    pub(crate) fn new(partition_id: &str) -> Self {
        let (answer_time, pending) = (Rc::default(), VecDeque::new());
        Self { partition_id: partition_id.into(), answer_time, pending, batches: 0, is_gone: false }
    }

    /// The jobs of the next batch, if there are any and it may leave.
    pub(crate) fn next_batch(&mut self, limit: InFlight, keys: &mut Keys) -> Option<(VecDeque<Job>, BatchKeys)> {
        if self.pending.is_empty() || !self.may_leave(limit) {
            return None;
        }
        let (mut jobs, mut batch) = (VecDeque::new(), keys.batch());
        let mut bytes = 0;
        while bytes < limit.batch_bytes
            && let Some(job) = self.pending.pop_front()
        {
            if !job.is_abandoned()
                && let Some(job) = keys.admit(job, &mut batch)
            {
                bytes += job.messages.bytes();
                jobs.push_back(job);
            }
        }
        if jobs.is_empty() {
            return None;
        }
        self.batches += 1;
        Some((jobs, batch))
    }

    fn may_leave(&self, limit: InFlight) -> bool {
        self.batches < limit.batches || self.batches < limit.full_batches && self.is_full(limit.batch_bytes)
    }

    /// Whether a batch of so many bytes is pending.
    fn is_full(&self, batch_bytes: usize) -> bool {
        let mut bytes = 0;
        self.pending.iter().any(|job| {
            bytes += job.messages.bytes();
            bytes >= batch_bytes
        })
    }
}
