//! Which events this process has stored lately, so that a delivery that comes once more stores only what is missing.
//!
//! Whoever delivers events delivers all of them again when one could not be stored. An event is remembered by 128 bits
//! over every byte of it, its source, id, time and trace context included, or also over its place in the queue that it
//! comes from, and only after the hub has accepted all of its records: so what is not stored again is stored already.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasherDefault, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use twox_hash::{XxHash3_64, XxHash3_128};

use crate::delivery::Position;

/// How many events are remembered. With them the set and the order take just less than 1 MiB.
const REMEMBERED: usize = 28_000;

/// The last events that were stored.
#[derive(Debug)]
pub struct StoredEvents {
    recent: Mutex<Recent>,
    /// Of this process only, so that nobody can prepare two events of one hash.
    seed: u64,
}

/// What an event is remembered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventHash(u128);

#[derive(Debug, Default)]
struct Recent {
    hashes: Hashes,
    /// Oldest first.
    order: VecDeque<EventHash>,
}

type Hashes = HashSet<EventHash, BuildHasherDefault<AsItIs>>;

impl Default for StoredEvents {
    fn default() -> Self {
        Self { recent: Mutex::default(), seed: fastrand::u64(..) }
    }
}

impl StoredEvents {
    /// The hash of an event as it came.
    pub fn hash(&self, event: &str) -> EventHash {
        EventHash(XxHash3_128::oneshot_with_seed(self.seed, event.as_bytes()))
    }

    /// The hash of an event that others may equal to the last byte: what tells it from them is its place.
    pub fn hash_at(&self, position: &Position, event: &str) -> EventHash {
        let seed = XxHash3_64::oneshot_with_seed(self.seed, position.0.as_bytes());
        EventHash(XxHash3_128::oneshot_with_seed(seed, event.as_bytes()))
    }

    /// Whether each of a delivery's events is one that is stored already, or that stands before it in the delivery. What
    /// has no hash never is.
    pub fn repeats(&self, delivery: &[Option<EventHash>]) -> Vec<bool> {
        let mut before = Hashes::with_capacity_and_hasher(delivery.len(), BuildHasherDefault::default());
        let recent = self.recent();
        let mut is_repeat = |hash| !before.insert(hash) || recent.hashes.contains(&hash);
        delivery.iter().map(|event| event.is_some_and(&mut is_repeat)).collect()
    }

    /// Remembers events that are stored, and forgets the oldest ones where there are enough.
    pub fn insert(&self, events: impl IntoIterator<Item = EventHash>) {
        let Recent { hashes, order } = &mut *self.recent();
        for event in events {
            if hashes.insert(event) {
                if order.len() == REMEMBERED
                    && let Some(oldest) = order.pop_front()
                {
                    hashes.remove(&oldest);
                }
                order.push_back(event);
            }
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hasher of what is a hash already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, hash: &[u8]) {
        self.0 = hash.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(stored: &StoredEvents, number: usize) -> EventHash {
        stored.hash(&format!("{{\"id\":\"{number}\"}}"))
    }

    #[test]
    fn the_last_events_are_remembered_to_the_byte() {
        let stored = StoredEvents::default();
        for number in 0..=REMEMBERED {
            let event = hash(&stored, number);
            assert_eq!(stored.repeats(&[Some(event)]), [false]);
            stored.insert([event, event]);
        }
        assert_eq!(stored.repeats(&[Some(hash(&stored, 0))]), [false], "the oldest is forgotten");
        let all: Vec<_> = (1..=REMEMBERED).map(|number| Some(hash(&stored, number))).collect();
        assert!(stored.repeats(&all).iter().all(|is_repeat| *is_repeat));
        assert_eq!(stored.repeats(&[Some(stored.hash("{\"id\":\"1\"} "))]), [false]);
    }

    #[test]
    fn a_delivery_may_hold_an_event_twice() {
        let stored = StoredEvents::default();
        let [a, b] = [1, 2].map(|number| Some(hash(&stored, number)));
        assert_eq!(stored.repeats(&[a, b, a, None, None]), [false, false, true, false, false]);
    }

    #[test]
    fn they_take_less_than_a_mebibyte() {
        let mut recent = Recent { order: VecDeque::with_capacity(REMEMBERED), ..Recent::default() };
        recent.hashes.reserve(REMEMBERED);
        // A table keeps one byte beside each place, and an eighth of its places free.
        let places = (recent.hashes.capacity() * 8 / 7).next_power_of_two();
        let bytes = places * (size_of::<EventHash>() + 1) + recent.order.capacity() * size_of::<EventHash>();
        assert!(bytes < 1024 * 1024, "{bytes}");
    }
}
