//! How far the listeners of a function are: what tests and programs that run a host wait for.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::watch;

/// What a function with an Event Hubs or a Service Bus trigger has reached in this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What it receives from at the moment: partitions by their ids, or the path of the queue or subscription.
    pub attached: BTreeSet<String>,
    /// By partition, the sequence number in the last checkpoint that this host wrote.
    pub checkpoints: BTreeMap<String, i64>,
}

/// Says what comes of a function's listeners.
#[derive(Clone, Debug)]
pub(super) struct Reporter(watch::Sender<Progress>);

impl Reporter {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Progress::default()))
    }

    pub(super) fn watch(&self) -> watch::Receiver<Progress> {
        self.0.subscribe()
    }

    pub(super) fn attached(&self, source: &str) {
        self.0.send_modify(|progress| {
            progress.attached.insert(source.to_owned());
        });
    }

    pub(super) fn detached(&self, source: &str) {
        self.0.send_modify(|progress| {
            progress.attached.remove(source);
        });
    }

    pub(super) fn checkpoint(&self, partition: &str, sequence_number: i64) {
        self.0.send_modify(|progress| {
            progress.checkpoints.insert(partition.to_owned(), sequence_number);
        });
    }
}
