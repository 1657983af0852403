//! The topic: from the channel and the publishers to the queues of the subscriptions.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{
    Schema, Snapshot,
    counts::Counter,
    event::{Event, Malformed},
    subscriber::Subscriber,
};

#[derive(Debug)]
pub(super) struct Topic {
    schema: Schema,
    /// Its resource id.
    id: String,
    subscribers: Vec<Arc<Subscriber>>,
    published: Counter,
    malformed: Counter,
    left_in_channel: AtomicUsize,
    changes: Arc<watch::Sender<()>>,
}

impl Topic {
    pub(super) fn new(
        schema: Schema,
        id: String,
        subscribers: Vec<Arc<Subscriber>>,
        changes: Arc<watch::Sender<()>>,
    ) -> Self {
        let (published, malformed) = (Counter::default(), Counter::default());
        Self { schema, id, subscribers, published, malformed, left_in_channel: AtomicUsize::new(0), changes }
    }

    pub(super) fn schema(&self) -> Schema {
        self.schema
    }

    pub(super) fn subscribers(&self) -> &[Arc<Subscriber>] {
        &self.subscribers
    }

    /// Reads an event in the topic's schema.
    pub(super) fn event(&self, json: &str) -> Result<Event, Malformed> {
        Event::new(self.schema, &self.id, json)
    }

    /// Puts an event into the queue of every subscription that wants it, waiting for room in each.
    pub(super) async fn publish(&self, event: Event) {
        let event = Arc::new(event);
        for subscriber in &self.subscribers {
            subscriber.offer(&event).await;
        }
        self.published.add(1);
        self.changes.send_replace(());
    }

    /// Publishes what comes through the channel, until it is closed or no more shall be taken.
    pub(super) async fn take(self: Arc<Self>, mut events: mpsc::Receiver<Value>, drain: CancellationToken) {
        let mut unfinished = 0;
        while let Some(Some(value)) = drain.run_until_cancelled(events.recv()).await {
            if let Ok(event) = self.event(&value.to_string()) {
                if drain.run_until_cancelled(self.publish(event)).await.is_none() {
                    unfinished = 1;
                }
            } else {
                self.malformed.add(1);
                self.changes.send_replace(());
            }
        }
        self.left_in_channel.store(events.len() + unfinished, Relaxed);
    }

    /// How many events nobody got who should, once nothing moves any more.
    pub(super) fn left(&self) -> usize {
        let held: usize = self.subscribers.iter().map(|subscriber| subscriber.held()).sum();
        held + self.left_in_channel.load(Relaxed)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            published: self.published.get(),
            malformed: self.malformed.get(),
            subscriptions: self.subscribers.iter().map(|subscriber| subscriber.snapshot()).collect(),
        }
    }
}
