//! What happens in the factory: one step after another reports, and round again.

use std::time::Duration;

use fastrand::Rng;

use crate::{
    change::Change,
    hierarchy::{Role, hierarchy},
    machine::Machine,
};

/// How long a round takes, in which each step reports once: the interval of the lab's simulator.
pub const ROUND: Duration = Duration::from_secs(2);

/// An endless source of changes of the steps of a factory.
///
/// For the same count, seed and times it gives the same changes.
#[derive(Debug, Clone)]
pub struct Simulator {
    machines: Vec<Machine>,
    next: usize,
    random: Rng,
}

impl Simulator {
    /// A simulator of the factory whose [`twins`](crate::twins()) were made with the same `count`, as they are then.
    #[must_use]
    pub fn new(count: usize, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let machines = hierarchy(count).into_iter().filter_map(|place| match place.role {
            Role::Step(step) => Some(Machine::new(place.id, step, &mut random)),
            _ => None,
        });
        Self { machines: machines.collect(), next: 0, random }
    }

    /// The number of steps, at least three: so many changes make a round.
    pub fn steps(&self) -> usize {
        self.machines.len()
    }

    /// The change of the next step in turn. `now`, a time in RFC 3339, is used where a reading tells when it was read.
    pub fn next(&mut self, now: &str) -> Change {
        let turn = self.next;
        self.next = (turn + 1) % self.machines.len();
        self.machines[turn].report(&mut self.random, now)
    }
}
