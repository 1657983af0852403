//! What has happened so far, for a status line and for tests.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::handshake::Handshake;

/// A counter that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The counters of a subscription.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) delivered: Counter,
    pub(super) deliveries: Counter,
    pub(super) failed_attempts: Counter,
    pub(super) dead_lettered: Counter,
    pub(super) dropped: Counter,
}

/// A topic at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Events that the topic took.
    pub published: u64,
    /// Values in the channel that were no events in the topic's schema.
    pub malformed: u64,
    /// The subscriptions, in the order of the configuration.
    pub subscriptions: Vec<SubscriptionSnapshot>,
}

/// A subscription at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionSnapshot {
    /// Its name.
    pub name: String,
    /// Whether its endpoint has agreed.
    pub handshake: Handshake,
    /// Events that the endpoint took.
    pub delivered: u64,
    /// Requests that have ended, well or not.
    pub deliveries: u64,
    /// Those of them that failed.
    pub failed_attempts: u64,
    /// Events that wait for a delivery.
    pub queued: usize,
    /// Events in a delivery, or on their way to the dead letters.
    pub in_delivery: usize,
    /// Events that wait for the time of their next attempt.
    pub waiting_for_retry: usize,
    /// Events that were given up and written to the dead letters.
    pub dead_lettered: u64,
    /// Events that were given up without a place for dead letters, or with one that could not be written to.
    pub dropped: u64,
    /// What went wrong last with a delivery or a dead letter, in words.
    pub last_problem: Option<String>,
}

impl SubscriptionSnapshot {
    /// Events that it still holds, whatever they wait for.
    #[must_use]
    pub fn held(&self) -> usize {
        self.queued + self.in_delivery + self.waiting_for_retry
    }
}
