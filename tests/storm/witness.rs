//! Reads what the hub holds, while it comes in, and takes it down.

use std::{sync::Arc, time::Duration};

use local_azure::event_hubs::EventHubs;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::{HUB, ledger::Ledger};

/// How often it looks, so that the hub never has to keep much.
const OFTEN: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub struct Witness {
    hubs: Arc<EventHubs>,
    ledger: Arc<Ledger>,
    /// The sequence number to go on with, in each partition.
    next: Vec<i64>,
}

impl Witness {
    pub fn new(hubs: Arc<EventHubs>, ledger: Arc<Ledger>) -> Self {
        let partitions = hubs.transfers(HUB).len();
        Self { hubs, ledger, next: vec![0; partitions] }
    }

    /// Reads until all is calm.
    pub async fn run(mut self, calm: CancellationToken) -> Self {
        let mut often = interval(OFTEN);
        while !calm.is_cancelled() {
            often.tick().await;
            self.read_to_the_end();
        }
        self
    }

    /// Reads what there is now.
    pub fn read_to_the_end(&mut self) {
        for (partition, next) in self.next.iter_mut().enumerate() {
            loop {
                let events = self.hubs.read(HUB, partition, *next, 1_000);
                if events.is_empty() {
                    break;
                }
                for event in events {
                    assert_eq!(event.sequence_number, *next, "the hub must keep events until they are read");
                    *next += 1;
                    self.ledger.saw(&event);
                }
            }
        }
    }
}
