//! The storm: senders that behave like Event Grid, the real executable, and a hub that fails in every way that it can,
//! while the executable is killed again and again. At the end it is counted whether anything that was acknowledged is
//! missing.
//!
//! ```text
//! sender (event_grid) -> twin-bridge (process) -> Event Hubs endpoint <- weather (what goes wrong)
//!    |  what was sent, and how it was answered                |
//!    +-----------------> ledger <--------------- witness (what the hub holds)
//! ```
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
mod ledger;
mod notifications;
mod process;
mod report;
mod weather;
mod witness;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fastrand::Rng;
use local_azure::event_hubs::{Config, EventHubs, HubConfig};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    event_grid::{Destination, Sender, Way},
    ledger::Ledger,
    process::Operator,
    report::{Counts, Report},
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

/// By this way in, unless `STORM_WAY` names another.
async fn survives(producer: &'static str, way: Way) {
    let notifications = setting("STORM_NOTIFICATIONS").unwrap_or(2_000);
    let seed = setting("STORM_SEED").unwrap_or(2);
    let way = match std::env::var("STORM_WAY").as_deref() {
        Ok("webhook") => Way::Webhook,
        Ok("function") => Way::Function,
        Ok(other) => panic!("STORM_WAY must be webhook or function, not {other}"),
        Err(_) => way,
    };
    println!("The storm's seed is {seed}; the producer is {producer}, the way in {way:?}.");
    let report = storm(notifications, seed, producer, way).await;
    println!("{report}");
    assert!(report.violations().is_empty(), "seed {seed}, {producer}: {:#?}", report.violations());
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// Sends at least so many notifications through at least one fault of each kind.
async fn storm(notifications: u64, seed: u64, producer: &'static str, way: Way) -> Report {
    let started = Instant::now();
    let dead_letters = tempfile::tempdir().unwrap();
    let mut rng = Rng::with_seed(seed);
    let hubs = Arc::new(
        EventHubs::start(Config {
            hubs: vec![HubConfig::new(HUB, 4)],
            max_message_size: MAX_MESSAGE_SIZE,
            retention_bytes: 128 * 1024 * 1024,
            ..Config::default()
        })
        .unwrap(),
    );
    let ledger = Arc::new(Ledger::default());
    let counts = Arc::new(Counts::default());
    let enough = CancellationToken::new();
    let calm = CancellationToken::new();

    let (string, folder) = (hubs.connection_string(HUB), dead_letters.path());
    let operator = Operator::start(&string, producer, folder, seed, Arc::clone(&counts)).await;
    let destination = Arc::new(Destination::new(operator.address(), way, folder, Arc::clone(&counts)));
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let sender = Sender::new(number, rng.fork(), Arc::clone(&destination), Arc::clone(&ledger));
        senders.spawn(sender.run(enough.clone()));
    }
    let weather = Weather::new(Arc::clone(&hubs), rng.fork(), Arc::clone(&counts));
    let weather = tokio::spawn(weather.run(calm.clone()));
    let operator = tokio::spawn(operator.run(rng.fork(), calm.clone()));
    let witness = tokio::spawn(Witness::new(Arc::clone(&hubs), Arc::clone(&ledger)).run(calm.clone()));

    let mut told = Instant::now();
    while ledger.sent() < notifications || !counts.all_faults_have_struck() {
        sleep(Duration::from_millis(20)).await;
        if told.elapsed() > Duration::from_secs(5) {
            told = Instant::now();
            eprintln!(
                "{:4} s: {} of {notifications} notifications; {counts}",
                started.elapsed().as_secs(),
                ledger.sent()
            );
        }
    }

    enough.cancel();
    calm.cancel();
    weather.await.unwrap();
    let operator = operator.await.unwrap();
    let drained = timeout(DRAIN, async { while senders.join_next().await.is_some_and(|ended| ended.is_ok()) {} }).await;
    // What the bridge still has under way, it has given up by the time it has stopped.
    operator.stop().await;
    witness.await.unwrap().read_to_the_end();
    Report::new(seed, started.elapsed(), drained.is_ok() && senders.is_empty(), &ledger, &counts)
}
