//! Which events came lately, to count the repeats that Event Grid sends. Nothing is decided by it: a repeat is forwarded
//! like any other event, with the same identities as before.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, Hash, RandomState},
};

/// How many are remembered, a megabyte or so.
const REMEMBERED: usize = 1 << 16;

/// The hashes of the last events.
#[derive(Debug, Default)]
pub struct RecentEvents {
    hasher: RandomState,
    known: HashSet<u64>,
    in_order: VecDeque<u64>,
}

impl RecentEvents {
    /// Remembers an event by its identity. False if it is remembered already.
    pub fn insert(&mut self, identity: impl Hash) -> bool {
        let hash = self.hasher.hash_one(identity);
        if !self.known.insert(hash) {
            return false;
        }
        self.in_order.push_back(hash);
        if self.in_order.len() > REMEMBERED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_events_are_remembered() {
        let mut recent = RecentEvents::default();
        assert!(recent.insert("first"));
        assert!(!recent.insert("first"));
        for number in 0..REMEMBERED {
            assert!(recent.insert(number));
        }
        assert!(recent.insert("first"), "forgotten by now");
        assert_eq!(recent.known.len(), recent.in_order.len());
    }
}
