//! The topics, their subscriptions, and what these hold.

use std::sync::Arc;

use parking_lot::Mutex;
use time::OffsetDateTime;
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    config::{SubscriptionConfig, TopicConfig},
    message::{Lock, Queued, StoredMessage},
    node::SubQueue,
    queue::{LockLost, Queue},
    settlement::Settlement,
};

/// All topics of an endpoint.
#[derive(Debug)]
pub(super) struct Store {
    topics: Vec<Arc<Topic>>,
}

/// One topic.
#[derive(Debug)]
pub(super) struct Topic {
    name: String,
    subscriptions: Vec<Arc<Subscription>>,
    last_sequence_number: Mutex<i64>,
}

/// One subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    name: String,
    queues: Mutex<Queues>,
    /// Ticks whenever it holds something else than before.
    changes: Arc<watch::Sender<()>>,
}

/// One of the queues of a subscription, which clients receive from.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    subscription: Arc<Subscription>,
    queue: SubQueue,
}

#[derive(Debug)]
struct Queues {
    active: Queue,
    dead_letters: Queue,
    last_sequence_number: i64,
}

impl Store {
    pub(super) fn new(topics: &[TopicConfig], changes: &Arc<watch::Sender<()>>) -> Self {
        let subscription = |config: &SubscriptionConfig| Arc::new(Subscription::new(config, Arc::clone(changes)));
        let topic = |config: &TopicConfig| {
            Arc::new(Topic {
                name: config.name.clone(),
                subscriptions: config.subscriptions.iter().map(subscription).collect(),
                last_sequence_number: Mutex::new(0),
            })
        };
        Self { topics: topics.iter().map(topic).collect() }
    }

    /// The topic of this name, in whatever case it is written.
    pub(super) fn topic(&self, name: &str) -> Option<&Arc<Topic>> {
        self.topics.iter().find(|topic| topic.name.eq_ignore_ascii_case(name))
    }

    /// A queue of a subscription, in whatever case the names are written.
    pub(super) fn entity(&self, topic: &str, subscription: &str, queue: SubQueue) -> Option<Entity> {
        let subscriptions = &self.topic(topic)?.subscriptions;
        let found = subscriptions.iter().find(|other| other.name.eq_ignore_ascii_case(subscription))?;
        Some(Entity { subscription: Arc::clone(found), queue })
    }

    /// Frees what was locked for too long, and tells when the next lock expires.
    pub(super) fn expire(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let subscriptions = self.topics.iter().flat_map(|topic| &topic.subscriptions);
        subscriptions.filter_map(|subscription| subscription.expire(now)).min()
    }
}

impl Topic {
    /// Gives messages, each encoded, to every subscription.
    pub(super) fn publish(&self, messages: Vec<Vec<u8>>, now: OffsetDateTime) {
        // Held to the end, so that all subscriptions have the same order.
        let mut last = self.last_sequence_number.lock();
        for encoded in messages.into_iter().map(Arc::new) {
            *last += 1;
            self.subscriptions.iter().for_each(|subscription| subscription.put(Arc::clone(&encoded), *last, now));
        }
    }
}

impl Subscription {
    fn new(config: &SubscriptionConfig, changes: Arc<watch::Sender<()>>) -> Self {
        let queues = Queues {
            active: Queue::new(config.lock_duration, Some(config.max_delivery_count)),
            dead_letters: Queue::new(config.lock_duration, None),
            last_sequence_number: 0,
        };
        Self { name: config.name.clone(), queues: Mutex::new(queues), changes }
    }

    fn put(&self, encoded: Arc<Vec<u8>>, enqueue_sequence_number: i64, now: OffsetDateTime) {
        let mut queues = self.queues.lock();
        queues.last_sequence_number += 1;
        let sequence_number = queues.last_sequence_number;
        queues.active.put(Queued {
            encoded,
            sequence_number,
            enqueue_sequence_number,
            enqueued_time: now,
            delivery_count: 0,
            changes: Vec::new(),
        });
        self.changes.send_replace(());
    }

    fn expire(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let mut queues = self.queues.lock();
        let due = queues.next_expiry().is_some_and(|next| next <= now);
        if due {
            let dead = queues.active.expire(now);
            // Nothing is delivered from there too often.
            let _ = queues.dead_letters.expire(now);
            for message in dead {
                queues.dead_letters.put(message);
            }
            self.changes.send_replace(());
        }
        queues.next_expiry()
    }
}

impl Entity {
    /// Locks the first message that is available.
    pub(super) fn lock(&self, now: OffsetDateTime) -> Option<(Queued, Lock)> {
        self.change(|queue| queue.lock(now))
    }

    /// Removes the first message that is available.
    pub(super) fn take(&self) -> Option<Queued> {
        self.change(Queue::take)
    }

    /// Settles a locked message.
    pub(super) fn settle(&self, token: Uuid, settlement: Settlement, now: OffsetDateTime) -> Result<(), LockLost> {
        let mut queues = self.subscription.queues.lock();
        if let Some(dead) = queues.of(self.queue).settle(token, settlement, now)? {
            queues.dead_letters.put(dead);
        }
        self.subscription.changes.send_replace(());
        Ok(())
    }

    /// Begins the time of a lock anew, and tells when it ends.
    pub(super) fn renew(&self, token: Uuid, now: OffsetDateTime) -> Result<OffsetDateTime, LockLost> {
        self.change(|queue| queue.renew(token, now).ok()).ok_or(LockLost)
    }

    /// At most `limit` messages from a sequence number on, locked or not.
    pub(super) fn peek(&self, sequence_number: i64, limit: usize) -> Vec<Queued> {
        let mut queues = self.subscription.queues.lock();
        queues.of(self.queue).from(sequence_number).take(limit).map(|(message, _)| message.clone()).collect()
    }

    /// Everything that it holds.
    pub(super) fn messages(&self) -> Vec<StoredMessage> {
        let mut queues = self.subscription.queues.lock();
        queues.of(self.queue).from(0).filter_map(|(message, lock)| StoredMessage::of(message, lock)).collect()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Queue) -> Option<T>) -> Option<T> {
        let changed = change(self.subscription.queues.lock().of(self.queue))?;
        self.subscription.changes.send_replace(());
        Some(changed)
    }
}

impl PartialEq for Entity {
    /// Whether they are the same, rather than alike.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.subscription, &other.subscription) && self.queue == other.queue
    }
}

impl Queues {
    fn of(&mut self, queue: SubQueue) -> &mut Queue {
        match queue {
            SubQueue::Active => &mut self.active,
            SubQueue::DeadLetter => &mut self.dead_letters,
        }
    }

    fn next_expiry(&self) -> Option<OffsetDateTime> {
        [&self.active, &self.dead_letters].into_iter().filter_map(Queue::next_expiry).min()
    }
}
