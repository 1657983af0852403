//! Senders that behave like Event Grid, and one bridge.

use std::sync::Arc;

use fastrand::Rng;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    DRAIN, SENDERS, Storm,
    event_grid::{Destination, Sender},
    process::Operator,
    report::Fault,
};

/// Goes on until enough was sent; answers whether the senders came to an end.
pub async fn run(storm: &Storm, mut rng: Rng) -> bool {
    let (counts, ledger) = (&storm.counts, &storm.ledger);
    let operator = Operator::start(storm.settings(), storm.log(), Arc::clone(counts)).await;
    let dead_letters = storm.dead_letters.path();
    let destination = Arc::new(Destination::new(operator.address(), storm.way, dead_letters, Arc::clone(counts)));
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let sender = Sender::new(number, rng.fork(), Arc::clone(&destination), Arc::clone(ledger));
        senders.spawn(sender.run(storm.enough.clone()));
    }
    let operator = tokio::spawn(operator.run(rng.fork(), storm.calm.clone()));
    storm.rage(&Fault::OF_THE_PROCESS).await;
    let operator = operator.await.unwrap();
    let drained = timeout(DRAIN, async { while senders.join_next().await.is_some_and(|ended| ended.is_ok()) {} }).await;
    // What the bridge still has under way, it has given up by the time it has stopped.
    operator.stop().await;
    drained.is_ok() && senders.is_empty()
}
