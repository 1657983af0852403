//! Which events came lately, to count the repeats that Event Grid sends. Nothing is decided by it: a repeat is forwarded
//! like any other event, with the same identities as before.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

/// How many are remembered, about: a quarter of a megabyte.
const REMEMBERED: usize = 1 << 16;

/// Half of the hash of each of the last events, in a place that follows from the other half: of two events that share a
/// place, the later one is remembered.
#[derive(Debug)]
pub struct RecentEvents(Vec<u32>);

/// What an event is remembered by.
#[derive(Debug, Clone, Copy)]
pub struct EventHash(u64);

impl EventHash {
    /// The hash of what no two events have in common.
    pub fn of(identity: impl Hash) -> Self {
        Self(BuildHasherDefault::<DefaultHasher>::default().hash_one(identity))
    }
}

impl Default for RecentEvents {
    fn default() -> Self {
        Self(vec![0; REMEMBERED])
    }
}

impl RecentEvents {
    /// Remembers events. Answers how many of them are remembered already.
    ///
    /// All events of a delivery at once, because their places are far apart: so one is fetched while the others are.
    pub fn remember(&mut self, events: &[EventHash]) -> usize {
        events.iter().filter(|event| !self.is_new(**event)).count()
    }

    fn is_new(&mut self, EventHash(hash): EventHash) -> bool {
        let place = usize::try_from(hash % REMEMBERED as u64).unwrap_or_default();
        let mark = u32::try_from(hash >> u32::BITS).unwrap_or_default();
        std::mem::replace(&mut self.0[place], mark) != mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remember(recent: &mut RecentEvents, numbers: std::ops::Range<usize>) -> usize {
        recent.remember(&numbers.map(EventHash::of).collect::<Vec<_>>())
    }

    #[test]
    fn only_the_last_events_are_remembered() {
        let mut recent = RecentEvents::default();
        assert_eq!(remember(&mut recent, 0..1), 0);
        assert_eq!(remember(&mut recent, 0..1), 1);
        assert!(remember(&mut recent, 1..1_000) < 10, "they are new");
        assert!(remember(&mut recent, 0..1_000) > 900, "nearly all of so few");
        remember(&mut recent, 1_000..20 * REMEMBERED);
        assert_eq!(remember(&mut recent, 0..1), 0, "forgotten by now");
    }

    #[test]
    fn a_delivery_may_hold_an_event_twice() {
        let event = EventHash::of("an event");
        assert_eq!(RecentEvents::default().remember(&[event, EventHash::of("another"), event]), 1);
    }
}
