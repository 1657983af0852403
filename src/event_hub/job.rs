//! What a lane is asked to send.

use std::sync::Arc;

use super::{Messages, SendError, delivery::Delivery, message::Message, partition_key};

/// The messages of one notification on their way to the hub.
#[derive(Debug)]
pub(super) struct Job {
    messages: Messages,
    /// How many of the messages the hub has accepted.
    accepted: usize,
    /// The hash of the partition key: of the twin.
    key: u64,
    delivery: Arc<Delivery>,
    /// Its place in the delivery; none once it is settled.
    index: Option<usize>,
}

impl Job {
    pub(super) fn new(messages: Messages, index: usize, delivery: &Arc<Delivery>) -> Self {
        let key = partition_key::hash(&messages.partition_key);
        Self { messages, accepted: 0, key, delivery: Arc::clone(delivery), index: Some(index) }
    }

    pub(super) fn key(&self) -> u64 {
        self.key
    }

    /// The bytes of its messages, about.
    pub(super) fn bytes(&self) -> usize {
        self.messages.bytes()
    }

    pub(super) fn messages(&self) -> &Messages {
        &self.messages
    }

    pub(super) fn messages_mut(&mut self) -> &mut Messages {
        &mut self.messages
    }

    /// The messages that the hub has not accepted yet.
    pub(super) fn remaining(&self) -> &[Message] {
        &self.messages.list()[self.accepted..]
    }

    /// Whether nothing of it was accepted yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.accepted == 0
    }

    /// Whether the delivery has failed or its time is up: Event Grid will deliver it again.
    pub(super) fn is_abandoned(&self) -> bool {
        self.delivery.is_over()
    }

    /// Takes up to `count` messages as accepted and answers how many that were.
    pub(super) fn accept(&mut self, count: usize) -> usize {
        let count = count.min(self.remaining().len());
        self.accepted += count;
        count
    }

    /// Tells of a failure after which the job is tried again.
    pub(super) fn note(&self, error: &SendError) {
        self.delivery.note(error);
    }

    /// Tells how it ended. An error other than "too large", which concerns one event only, fails the whole delivery.
    pub(super) fn finish(mut self, result: Result<(), SendError>) {
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
