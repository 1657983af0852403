//! Messages in a queue, and two hosts that take them out of it.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use fastrand::Rng;
use serde_json::Value;
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use walkdir::WalkDir;

use crate::{
    DRAIN, SENDERS, Storm,
    hosts::App,
    ledger::{Delivery, Ledger, without_reason},
    queue::Queue,
    report::Fault,
};

const HOSTS: usize = 2;

/// Goes on until enough was sent; answers whether all of it was taken.
pub async fn run(storm: &Storm, mut rng: Rng) -> bool {
    let queue = Arc::new(Queue::start(storm.way));
    let settings = storm.settings().map(|(name, value)| (name.to_owned(), value));
    let settings = settings.into_iter().chain(queue.settings()).collect();
    let app = Arc::new(App::new(storm.way, settings, storm.log(), Arc::clone(&storm.counts)));
    let done = CancellationToken::new();
    let (mut senders, mut hosts) = (JoinSet::new(), JoinSet::new());
    for number in 0..SENDERS {
        let (queue, rng, enough) = (Arc::clone(&queue), rng.fork(), storm.enough.clone());
        let (ledger, counts) = (Arc::clone(&storm.ledger), Arc::clone(&storm.counts));
        senders.spawn(async move { queue.fill(number, rng, &ledger, &counts, &enough).await });
    }
    for _ in 0..HOSTS {
        hosts.spawn(Arc::clone(&app).host(rng.fork(), storm.calm.clone(), done.clone()));
    }
    storm.rage(&Fault::OF_THE_HOSTS).await;
    senders.join_all().await;
    let started = Instant::now();
    let mut drained = false;
    while !drained && started.elapsed() < DRAIN {
        sleep(Duration::from_millis(50)).await;
        drained = queue.is_drained(&app.checkpoints());
    }
    done.cancel();
    hosts.join_all().await;
    let given_up = queue.given_up();
    if given_up > 0 {
        storm.counts.violation(format!("the service gave {given_up} messages up"));
    }
    let sent = Arc::into_inner(queue).unwrap().into_sent();
    settle(&storm.ledger, sent, storm.dead_letters.path());
    drained
}

/// What was taken is acknowledged, each with its dead letters.
fn settle(ledger: &Ledger, sent: Vec<Delivery>, dead_letters: &Path) {
    let files = WalkDir::new(dead_letters).into_iter().filter_map(Result::ok);
    let files = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "json"));
    let letters = files.flat_map(|file| serde_json::from_slice::<Vec<Value>>(&fs::read(file.path()).unwrap()).unwrap());
    // No two notifications have the same trace context, and a bad one may lack all else.
    let context = |event: &Value| event["traceparent"].as_str().unwrap_or_default().to_owned();
    let mut letters: HashMap<_, Vec<_>> = letters.fold(HashMap::new(), |mut letters, letter| {
        letters.entry(context(&letter)).or_default().push(letter);
        letters
    });
    for delivery in sent {
        let events = delivery.events().map(|event| serde_json::from_str::<Value>(event).unwrap());
        let letters = events.filter_map(|event| letters.remove(&context(&event))).flatten().map(without_reason);
        let letters = letters.collect();
        ledger.acknowledged(&delivery, letters);
    }
    assert!(letters.is_empty(), "dead letters of nothing that was sent: {letters:?}");
}
