//! Tells repeats apart: Event Grid delivers at least once, and a repeat has the same `EventId`.

use std::{
    collections::{HashSet, VecDeque, hash_map::RandomState},
    hash::BuildHasher,
};

/// The identities of the newest records. Hashes of 64 bits are enough to tell half a million apart.
#[derive(Debug)]
pub(crate) struct Repeats {
    seen: HashSet<u64>,
    order: VecDeque<u64>,
    reach: usize,
    hasher: RandomState,
}

impl Repeats {
    pub(crate) fn new(reach: usize) -> Self {
        Self { seen: HashSet::new(), order: VecDeque::new(), reach, hasher: RandomState::new() }
    }

    /// Whether this identity was seen before, within reach. It counts as seen from now on.
    pub(crate) fn is_repeat(&mut self, event_id: &str) -> bool {
        let hash = self.hasher.hash_one(event_id);
        if !self.seen.insert(hash) {
            return true;
        }
        self.order.push_back(hash);
        if self.order.len() > self.reach
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Repeats;

    #[test]
    fn a_repeat_is_known_within_reach() {
        let mut repeats = Repeats::new(2);
        assert!(!repeats.is_repeat("a#0"));
        assert!(!repeats.is_repeat("a#1"));
        assert!(repeats.is_repeat("a#0"));
        assert!(!repeats.is_repeat("b#0"));
        assert!(!repeats.is_repeat("a#0"), "forgotten by now");
    }
}
