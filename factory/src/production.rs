//! The factory at work: its changes go to an instance, so many a second.
//!
//! A change is sent when the one before it of the same twin was answered, and beside those of other twins: the machines
//! share a number of queues, each of which has one request under way.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{
    change::Change,
    error::Error,
    instance::Instance,
    simulator::{ROUND, Simulator},
};

/// How often it is looked whether changes are due.
const TICK: Duration = Duration::from_millis(5);

/// A lag that is not made up for: the instance, or what takes its notifications, has held the changes up.
const LAG: Duration = Duration::from_secs(1);

/// An instance that answers within 50 ms gets a thousand changes a second over so many, which is as many as it takes.
const QUEUES: usize = 64;

/// How many changes wait in a queue.
const WAITING: usize = 8;

/// The machines of a factory whose twins are in an instance. Dropping it leaves out what still waits.
#[derive(Debug)]
pub struct Production {
    simulator: Simulator,
    /// Whose turn it is: a machine keeps its queue.
    turn: usize,
    queues: Vec<mpsc::Sender<Change>>,
    workers: JoinSet<()>,
    tally: Arc<Tally>,
}

/// How it goes.
#[derive(Debug, Default)]
pub struct Tally {
    made: AtomicU64,
    refused: AtomicU64,
    problem: Mutex<Option<String>>,
}

impl Tally {
    /// How many changes the instance took.
    pub fn made(&self) -> u64 {
        self.made.load(Relaxed)
    }

    /// How many it did not.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Why it did not take the last of those.
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().clone()
    }
}

impl Production {
    /// The machines of a factory of so many twins. The same seed gives the same changes.
    #[must_use]
    pub fn new(instance: &Instance, twins: usize, seed: u64) -> Self {
        let simulator = Simulator::new(twins, seed);
        let tally = Arc::<Tally>::default();
        let mut workers = JoinSet::new();
        let queues = (0..QUEUES.min(simulator.steps())).map(|_| {
            let (queue, changes) = mpsc::channel(WAITING);
            workers.spawn(work(instance.clone(), changes, Arc::clone(&tally)));
            queue
        });
        let queues = queues.collect();
        Self { simulator, turn: 0, queues, workers, tally }
    }

    /// How many changes a second a factory of so many twins has when every step reports as often as in the lab.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "no factory has 2^52 steps")]
    pub fn usual_rate(twins: usize) -> f64 {
        Simulator::new(twins, 0).steps() as f64 / ROUND.as_secs_f64()
    }

    /// How it goes, now and later.
    #[must_use]
    pub fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// Lets every step report once.
    pub async fn round(&mut self) {
        for _ in 0..self.simulator.steps() {
            self.change().await;
        }
    }

    /// Lets the steps report in turn, so many a second, for ever.
    pub async fn run(&mut self, rate: f64) {
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

    /// Waits until the instance has answered all changes.
    pub async fn finish(mut self) {
        self.queues.clear();
        while self.workers.join_next().await.is_some() {}
    }

    async fn change(&mut self) {
        let machine = self.turn % self.simulator.steps();
        let change = self.simulator.next(&now());
        self.turn = machine + 1;
        let queue = &self.queues[machine % self.queues.len()];
        // A queue ends with `self`.
        let _ = queue.send(change).await;
    }
}

/// Sends changes one after another. One that is refused, because a client has deleted the twin or what it sets, is left
/// out.
async fn work(instance: Instance, mut changes: mpsc::Receiver<Change>, tally: Arc<Tally>) {
    while let Some(change) = changes.recv().await {
        match send(&instance, &change).await {
            Ok(()) => {
                tally.made.fetch_add(1, Relaxed);
            }
            Err(error) => {
                tally.refused.fetch_add(1, Relaxed);
                *tally.problem.lock() = Some(error.to_string());
            }
        }
    }
}

async fn send(instance: &Instance, change: &Change) -> Result<(), Error> {
    match change {
        Change::Patch { twin, patch } => instance.patch_twin(twin, patch).await,
        Change::Telemetry { twin, message } => instance.send_telemetry(twin, message).await,
    }
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}
