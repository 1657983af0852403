//! Which events came lately, to count the repeats that Event Grid sends. Nothing is decided by it: a repeat is forwarded
//! like any other event, with the same identities as before.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

/// How many are remembered, about: half a megabyte of hashes.
const REMEMBERED: usize = 1 << 16;

/// The hashes of the last events, each in a place that follows from it: of two events that share a place, the later one
/// is remembered.
#[derive(Debug)]
pub struct RecentEvents(Vec<u64>);

impl Default for RecentEvents {
    fn default() -> Self {
        Self(vec![0; REMEMBERED])
    }
}

impl RecentEvents {
    /// Remembers an event by its identity. False if it is remembered already.
    pub fn insert(&mut self, identity: impl Hash) -> bool {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(identity);
        let place = usize::try_from(hash % REMEMBERED as u64).unwrap_or_default();
        std::mem::replace(&mut self.0[place], hash) != hash
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
        let remembered = |recent: &mut RecentEvents, numbers: std::ops::Range<usize>| {
            numbers.filter(|number| !recent.insert(number)).count()
        };
        assert!(remembered(&mut recent, 0..1_000) < 10, "they are new");
        assert!(remembered(&mut recent, 0..1_000) > 900, "nearly all of so few");
        remembered(&mut recent, 1_000..20 * REMEMBERED);
        assert!(recent.insert("first"), "forgotten by now");
    }
}
