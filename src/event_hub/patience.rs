//! How long a lane waits for the hub's answer to a batch.
//!
//! The SDK does not report that the connection of a send in flight is gone, so a short time means a quick recovery. But
//! a hub that is merely slow must not be taken for one that is gone: the time grows with the hub's own.

use std::time::Duration;

/// Many times what a healthy hub takes.
const SHORTEST: Duration = Duration::from_millis(1500);
const LONGEST: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { limit: SHORTEST }
    }
}

impl Patience {
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// The hub answered: the next answer may take four times as long.
    pub(super) fn answered_after(&mut self, took: Duration) {
        self.limit = (took * 4).clamp(SHORTEST, LONGEST);
    }

    /// The hub did not answer in time: the next answer may take twice as long.
    pub(super) fn ran_out(&mut self) {
        self.limit = (self.limit * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_hub_is_waited_for_and_a_quick_one_is_not() {
        let mut patience = Patience::default();
        assert_eq!(patience.limit(), SHORTEST);
        patience.ran_out();
        patience.ran_out();
        assert_eq!(patience.limit(), SHORTEST * 4);
        patience.answered_after(Duration::from_secs(2));
        assert_eq!(patience.limit(), Duration::from_secs(8));
        patience.answered_after(Duration::from_millis(20));
        assert_eq!(patience.limit(), SHORTEST);
        for _ in 0..9 {
            patience.ran_out();
        }
        assert_eq!(patience.limit(), LONGEST);
    }
}
