//! The chocolate factory at work: its twins are put into the graph and then change for as long as the program runs.
//!
//! Everything goes through the same [`Graph`] as the calls of clients, so that both see and disturb each other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use factory::{Change, ROUND, Simulator};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::digital_twins::{self, Error, Graph, Precondition, Telemetry};

/// How often it is looked whether changes are due.
const TICK: Duration = Duration::from_millis(5);

/// A lag that is not made up for: the changes were held up by what takes the notifications.
const LAG: Duration = Duration::from_secs(1);

/// The factory's twins and the machines that change them.
#[derive(Debug)]
pub struct Production {
    graph: Arc<Graph>,
    twins: usize,
    simulator: Simulator,
    changes: Arc<AtomicU64>,
}

impl Production {
    /// A factory of so many twins. The same seed gives the same changes.
    pub fn new(graph: Arc<Graph>, twins: usize, seed: u64) -> Self {
        Self { graph, twins, simulator: Simulator::new(twins, seed), changes: Arc::default() }
    }

    /// Creates the models, the twins and their relationships, and answers how many notifications that gave.
    pub async fn set_up(&self) -> Result<u64, Error> {
        self.graph.put_models(factory::models())?;
        let twins = factory::twins(self.twins);
        for twin in &twins {
            self.graph.put_twin(&twin.id, twin.body.clone(), Precondition::None).await?;
        }
        let relationships = factory::relationships(self.twins);
        let told = twins.len() + relationships.len();
        for relationship in relationships {
            let (source, id) = (&relationship.source, &relationship.id);
            self.graph.put_relationship(source, id, relationship.body, Precondition::None).await?;
        }
        Ok(told as u64)
    }

    /// How many changes a second a factory of so many twins has when every step reports as often as in the lab.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "no factory has 2^52 steps")]
    pub fn usual_rate(twins: usize) -> f64 {
        Simulator::new(twins, 0).steps() as f64 / ROUND.as_secs_f64()
    }

    /// Lets every step report once, and answers how many that were.
    pub async fn round(&mut self) -> u64 {
        let steps = self.simulator.steps();
        for _ in 0..steps {
            self.change().await;
        }
        steps as u64
    }

    /// Lets the steps report in turn, so many a second, for ever.
    pub async fn run(mut self, rate: f64) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let between = Duration::from_secs_f64(1.0 / rate);
        let mut due = Instant::now();
        loop {
            ticks.tick().await;
            while due <= Instant::now() {
                self.change().await;
                due += between;
            }
            due = due.max(Instant::now().checked_sub(LAG).unwrap_or(due));
        }
    }

    /// Counts the changes.
    #[must_use]
    pub fn changes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.changes)
    }

    /// One step reports. A change that is refused, because a client has deleted the twin or what it sets, is left out.
    async fn change(&mut self) {
        let made = match self.simulator.next(&digital_twins::now()) {
            Change::Patch { twin, patch } => self.graph.update_twin(&twin, patch, Precondition::None).await.map(drop),
            Change::Telemetry { twin, message } => {
                self.graph.send_telemetry(&twin, Telemetry::new(Uuid::new_v4(), message)).await
            }
        };
        if made.is_ok() {
            self.changes.fetch_add(1, Relaxed);
        }
    }
}
