//! How it goes, in one line.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use indicatif::HumanCount;
use local_azure::event_grid::Handshake;
use tokio::time::sleep;

use crate::{azure::Azure, status::Status};

/// Keeps the status up to date, for ever.
pub(crate) async fn follow(azure: &Azure, changes: &AtomicU64, status: &Status) {
    let (mut since, mut last) = (Instant::now(), [0, 0]);
    loop {
        sleep(status.pause()).await;
        let counts = [changes.load(Relaxed), azure.read().records];
        let seconds = since.elapsed().as_secs_f64();
        let rates = [0, 1].map(|index| per_second(counts[index] - last[index], seconds));
        (since, last) = (Instant::now(), counts);
        status.show(line(azure, counts, rates));
    }
}

fn line(azure: &Azure, [changes, records]: [u64; 2], [changes_per_second, records_per_second]: [f64; 2]) -> String {
    let mut parts = vec![
        format!("{} twins", HumanCount(azure.graph().map_or(0, |graph| graph.len()) as u64)),
        format!("{} changes ({changes_per_second:.1}/s)", HumanCount(changes)),
    ];
    if let Some(deliveries) = azure.deliveries() {
        if let Handshake::Pending { problem, .. } = &deliveries.handshake {
            parts.push(format!("waiting for the webhook: {}", problem.as_deref().unwrap_or("no answer yet")));
        }
        let to_go = HumanCount(deliveries.held() as u64);
        parts.push(format!("{} events delivered, {to_go} to go", HumanCount(deliveries.delivered)));
        for (count, what) in [
            (deliveries.failed_attempts, "deliveries failed"),
            (deliveries.dead_lettered, "events given up"),
            (deliveries.dropped, "events dropped"),
        ] {
            if count > 0 {
                parts.push(format!("{} {what}", HumanCount(count)));
            }
        }
    }
    parts.push(format!("{} records ({records_per_second:.1}/s)", HumanCount(records)));
    parts.join(" · ")
}

#[allow(clippy::cast_precision_loss, reason = "for people to read")]
fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}
