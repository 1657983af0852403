//! The storm: the real executable, and a hub that fails in every way that it can, while the executable is killed again
//! and again. At the end it is counted whether anything that was acknowledged is missing.
//!
//! ```text
//! pushed:    sender (event_grid) -> twin-bridge (process) -> Event Hubs endpoint <- weather (what goes wrong)
//! queued:    queue -> hosts, each with its twin-bridge ----->     |
//!              |  what was sent, and what became of it            |
//!              +-----------------> ledger <--------------- witness (what the hub holds)
//! ```
//!
//! By the ways `webhook` and `function` senders behave like Event Grid; by `event-hub` and `service-bus` messages wait in
//! a hub or a topic for two Functions hosts, which are stopped, dropped and started again all the time.
//!
//! `cargo test` runs a small one. The large one, whose report is `docs/storm.md`:
//!
//! ```sh
//! STORM_NOTIFICATIONS=200000 STORM_SEED=7 STORM_WAY=webhook cargo test --release --test storm -- --nocapture
//! ```
//!
//! `STORM_DELIVERY_TIMEOUT`, in seconds, gives the bridge another time than 3 s. The seed decides what is sent and which
//! faults strike in which order; how the threads of three parties interleave is the machine's own.

// clippy.toml excepts test functions, but not the functions they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod event_grid;
mod hosts;
mod ledger;
mod notifications;
mod process;
mod pushed;
mod queue;
mod queued;
mod report;
mod way;
mod weather;
mod witness;

use std::{
    fs::File,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use fastrand::Rng;
use local_azure::event_hubs::{Config, EventHubs, HubConfig};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    ledger::Ledger,
    report::{Counts, Fault, Report},
    way::Way,
    weather::Weather,
    witness::Witness,
};

const HUB: &str = "twins";
const SENDERS: usize = 8;

/// The bridge's `DELIVERY_TIMEOUT`: shorter than in production, so that more deliveries run out of it. With more time than
/// one attempt takes, more of them are saved inside it.
fn delivery_timeout() -> Duration {
    Duration::from_secs(setting("STORM_DELIVERY_TIMEOUT").unwrap_or(3))
}

/// What a delivery may take beyond it.
const GRACE: Duration = Duration::from_secs(2);

/// What everything together may take to come to rest after the last fault.
const DRAIN: Duration = Duration::from_secs(60);

/// No event larger than this passes; with the SDK, none larger than half of it.
const MAX_MESSAGE_SIZE: u64 = 262_144;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_acknowledged_is_missing() {
    survives("amqp", Way::Webhook).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_acknowledged_is_missing_with_the_sdk() {
    survives("sdk", Way::Function).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_hub_held_is_missing() {
    survives("amqp", Way::EventHub).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_topic_held_is_missing() {
    survives("amqp", Way::ServiceBus).await;
}

/// By this way in, unless `STORM_WAY` names another.
async fn survives(producer: &'static str, way: Way) {
    let notifications = setting("STORM_NOTIFICATIONS").unwrap_or(2_000);
    let seed = setting("STORM_SEED").unwrap_or(2);
    let way = way::chosen().unwrap_or(way);
    println!("The storm's seed is {seed}; the producer is {producer}, the way in {}.", way.name());
    let report = Storm::new(notifications, seed, producer, way).run().await;
    println!("{report}");
    assert!(report.violations().is_empty(), "seed {seed}, {producer}: {:#?}", report.violations());
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// A hub that fails, what goes through it, and what is known of that.
#[derive(Debug)]
struct Storm {
    /// So many, through at least one fault of each kind.
    notifications: u64,
    seed: u64,
    producer: &'static str,
    way: Way,
    started: Instant,
    hubs: Arc<EventHubs>,
    ledger: Arc<Ledger>,
    counts: Arc<Counts>,
    dead_letters: TempDir,
    /// No more notifications.
    enough: CancellationToken,
    /// No more faults.
    calm: CancellationToken,
}

impl Storm {
    fn new(notifications: u64, seed: u64, producer: &'static str, way: Way) -> Self {
        let config = Config {
            hubs: vec![HubConfig::new(HUB, 4)],
            max_message_size: MAX_MESSAGE_SIZE,
            retention_bytes: 128 * 1024 * 1024,
            ..Config::default()
        };
        Self {
            notifications,
            seed,
            producer,
            way,
            started: Instant::now(),
            hubs: Arc::new(EventHubs::start(config).unwrap()),
            ledger: Arc::default(),
            counts: Arc::default(),
            dead_letters: tempfile::tempdir().unwrap(),
            enough: CancellationToken::new(),
            calm: CancellationToken::new(),
        }
    }

    async fn run(self) -> Report {
        let mut rng = Rng::with_seed(self.seed);
        let weather = Weather::new(Arc::clone(&self.hubs), rng.fork(), Arc::clone(&self.counts));
        let weather = tokio::spawn(weather.run(self.calm.clone()));
        let witness = Witness::new(Arc::clone(&self.hubs), Arc::clone(&self.ledger));
        let witness = tokio::spawn(witness.run(self.calm.clone()));
        let drained =
            if way::is_queue(self.way) { queued::run(&self, rng).await } else { pushed::run(&self, rng).await };
        weather.await.unwrap();
        witness.await.unwrap().read_to_the_end();
        Report::new(self.seed, self.started.elapsed(), drained, &self.ledger, &self.counts, self.way)
    }

    /// The app settings of the bridge.
    fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("EVENT_HUB", self.hubs.connection_string(HUB)),
            ("EVENT_HUB_PRODUCER", self.producer.to_owned()),
            ("DEAD_LETTERS", format!("file://{}", self.dead_letters.path().display())),
        ]
    }

    /// Where what the bridge logs is kept.
    fn log(&self) -> Arc<Mutex<File>> {
        let name = format!("storm-{}-{}-{}.log", self.way.name(), self.producer, self.seed);
        Arc::new(Mutex::new(File::create(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)).unwrap()))
    }

    /// Waits until enough was sent through these faults and those of the hub; then no more are sent, and all is calm.
    async fn rage(&self, faults: &[Fault]) {
        let mut told = Instant::now();
        while self.ledger.sent() < self.notifications || !self.counts.all_have_struck(faults) {
            sleep(Duration::from_millis(20)).await;
            if told.elapsed() > Duration::from_secs(5) {
                told = Instant::now();
                let (took, sent) = (self.started.elapsed().as_secs(), self.ledger.sent());
                eprintln!("{took:4} s: {sent} of {} notifications; {}", self.notifications, self.counts);
            }
        }
        self.enough.cancel();
        self.calm.cancel();
    }
}
