//! What a lane is asked to send, and how it tells how that goes.

use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{Messages, SendError, delivery::Member, message::Message, partition_key};

/// How far the messages of one job have come.
#[derive(Debug)]
pub(super) enum Progress {
    /// Queued or being sent; with the failure of the last attempt, if there was one.
    Waiting(Option<SendError>),
    /// Accepted by the hub, all of them, or given up.
    Done(Result<(), SendError>),
}

/// The messages of one notification on their way to the hub.
#[derive(Debug)]
pub(super) struct Job {
    messages: Messages,
    /// How many of the messages the hub has accepted.
    accepted: usize,
    key: u64,
    progress: watch::Sender<Progress>,
    delivery: Member,
    /// Given back when the job is dropped.
    _room: OwnedSemaphorePermit,
}

impl Job {
    pub(super) fn new(
        messages: Messages,
        progress: watch::Sender<Progress>,
        delivery: Member,
        room: OwnedSemaphorePermit,
    ) -> Self {
        let key = partition_key::hash(&messages.partition_key);
        Self { messages, accepted: 0, key, progress, delivery, _room: room }
    }

    /// The hash of the partition key: of the twin.
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
        self.progress.send_replace(Progress::Waiting(Some(error.clone())));
    }

    /// Answers. An error other than "too large", which concerns one event only, fails the whole delivery.
    pub(super) fn finish(self, result: Result<(), SendError>) {
        if let Err(error) = &result
            && *error != SendError::TooLarge
        {
            self.delivery.fail(error);
        }
        self.progress.send_replace(Progress::Done(result));
    }
}
