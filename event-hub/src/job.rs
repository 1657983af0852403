//! What a queue is asked to send.

use std::sync::Arc;

use crate::{
    delivery::Delivery,
    error::SendError,
    messages::{Message, Messages},
    partition_key,
};

/// One group on its way to the hub.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) messages: Messages,
    /// How many of the messages the hub has accepted.
    accepted: usize,
    /// The hash of the partition key.
    key: u64,
    delivery: Arc<Delivery>,
    /// Its place in the delivery; none once it is settled.
    index: Option<usize>,
}

impl Job {
    pub(crate) fn new(messages: Messages, index: usize, delivery: &Arc<Delivery>) -> Self {
        let key = partition_key::hash(messages.key());
        Self { messages, accepted: 0, key, delivery: Arc::clone(delivery), index: Some(index) }
    }

    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// The messages that the hub has not accepted yet.
    pub(crate) fn remaining(&self) -> &[Message] {
        &self.messages.list()[self.accepted..]
    }

    pub(crate) fn is_untouched(&self) -> bool {
        self.accepted == 0
    }

    /// Whether its delivery has failed, or nobody waits for it any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.delivery.is_over()
    }

    /// Takes up to `count` messages as accepted and answers how many that were.
    pub(crate) fn accept(&mut self, count: usize) -> usize {
        let count = count.min(self.remaining().len());
        self.accepted += count;
        count
    }

    /// Tells of a failure after which the job is tried again, or ends it where trying again is of no use.
    pub(crate) fn failed(self, error: &SendError) -> Option<Self> {
        if error.is_passing() {
            self.delivery.note(error);
            return Some(self);
        }
        self.finish(Err(error.clone()));
        None
    }

    /// Tells how it ended. An error other than "too large", which concerns one group only, fails the whole delivery.
    pub(crate) fn finish(mut self, result: Result<(), SendError>) {
        self.settle(result);
    }

    fn settle(&mut self, result: Result<(), SendError>) {
        if let Some(index) = self.index.take() {
            self.delivery.settle(index, result);
        }
    }
}

impl Drop for Job {
    /// A job that nobody works on any more was given up.
    fn drop(&mut self) {
        self.settle(Err(SendError::Stopped));
    }
}
