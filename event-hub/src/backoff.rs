//! The pause between attempts, which grows while they fail.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
/// Short enough that the first delivery after an outage does not wait long, long enough to spare a hub in trouble.
const LONGEST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// After a success the next failure starts over.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// The pause before the next attempt. The one after it is twice as long.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (self.next * 2).min(LONGEST);
        pause
    }
}
