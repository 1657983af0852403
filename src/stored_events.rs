//! Which events this process has stored lately, so that a delivery that comes once more stores only what is missing.
//!
//! Event Grid delivers a whole array again when one event of it could not be stored. An event is remembered by 128 bits
//! over every byte of it, its source, id, time and trace context included, and only after the hub has accepted all of
//! its records: so what is not stored again is stored already.

use std::collections::{HashSet, VecDeque};

use xxhash_rust::xxh3::xxh3_128_with_seed;

/// How many events are remembered. With them the set and the order take just less than 1 MiB.
const REMEMBERED: usize = 28_000;

/// The last events that were stored.
#[derive(Debug)]
pub struct StoredEvents {
    hashes: HashSet<EventHash>,
    /// Oldest first.
    order: VecDeque<EventHash>,
    /// Of this process only, so that nobody can prepare two events of one hash.
    seed: u64,
}

/// What an event is remembered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventHash(u128);

impl Default for StoredEvents {
    fn default() -> Self {
        Self { hashes: HashSet::default(), order: VecDeque::new(), seed: fastrand::u64(..) }
    }
}

impl StoredEvents {
    /// The hash of an event as it came.
    pub fn hash(&self, event: &str) -> EventHash {
        EventHash(xxh3_128_with_seed(event.as_bytes(), self.seed))
    }

    /// Whether the event was stored lately.
    pub fn contains(&self, event: EventHash) -> bool {
        self.hashes.contains(&event)
    }

    /// Remembers an event that is stored, and forgets the oldest one where there are enough.
    pub fn insert(&mut self, event: EventHash) {
        if self.hashes.insert(event) {
            if self.order.len() == REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.hashes.remove(&oldest);
            }
            self.order.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_events_are_remembered_to_the_byte() {
        let mut stored = StoredEvents::default();
        let hash = |stored: &StoredEvents, number: usize| stored.hash(&format!("{{\"id\":\"{number}\"}}"));
        for number in 0..=REMEMBERED {
            let event = hash(&stored, number);
            assert!(!stored.contains(event));
            stored.insert(event);
            stored.insert(event);
        }
        assert!(!stored.contains(hash(&stored, 0)), "the oldest is forgotten");
        assert!((1..=REMEMBERED).all(|number| stored.contains(hash(&stored, number))));
        assert!(!stored.contains(stored.hash("{\"id\":\"1\"} ")));
    }

    #[test]
    fn they_take_less_than_a_mebibyte() {
        let mut stored = StoredEvents { order: VecDeque::with_capacity(REMEMBERED), ..StoredEvents::default() };
        stored.hashes.reserve(REMEMBERED);
        // A table keeps one byte beside each place, and an eighth of its places free.
        let places = (stored.hashes.capacity() * 8 / 7).next_power_of_two();
        let bytes = places * (size_of::<EventHash>() + 1) + stored.order.capacity() * size_of::<EventHash>();
        assert!(bytes < 1024 * 1024, "{bytes}");
    }
}
