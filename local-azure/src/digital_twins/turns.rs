//! Whose turn it is to change a twin and tell of it, so that two changes are told in the order in which they were made.

use std::hash::{BuildHasher, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// How many twins can be told about at the same time. Two that share a turn wait for each other.
const TURNS: usize = 64;

/// The turns of all twins.
///
/// Twins share a fixed number of turns by the hash of their ids: nothing to create, nothing to clean up.
#[derive(Debug)]
pub(super) struct Turns {
    turns: [Mutex<()>; TURNS],
    hasher: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        Self { turns: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl Turns {
    /// Waits for the turn of a twin, which lasts as long as what is returned.
    pub(super) async fn of(&self, twin: &str) -> MutexGuard<'_, ()> {
        let hash = usize::try_from(self.hasher.hash_one(twin) % TURNS as u64).unwrap_or_default();
        self.turns[hash].lock().await
    }
}
