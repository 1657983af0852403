//! The pause between attempts, which grows while they fail.

use std::time::Duration;

use tokio::time::sleep;

const FIRST: Duration = Duration::from_millis(100);
/// Short enough that the first delivery after an outage does not wait long, long enough to spare a hub in trouble.
const LONGEST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: FIRST }
    }

    /// After a success the next failure starts over.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// Waits, and will wait twice as long the next time.
    pub(super) async fn pause(&mut self) {
        sleep(self.next).await;
        self.next = (self.next * 2).min(LONGEST);
    }
}
