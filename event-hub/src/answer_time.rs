//! How long the answer to a batch is waited for, by partition.
//!
//! A connection can be gone without a word, so a short time means a quick recovery. But a hub that is merely slow must
//! not be taken for one that is gone: the time grows with the hub's own.

use std::time::Duration;

/// Many times what a healthy hub takes.
const SHORTEST: Duration = Duration::from_millis(1500);
const LONGEST: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct AnswerTime {
    limit: Duration,
}

impl Default for AnswerTime {
    fn default() -> Self {
        Self { limit: SHORTEST }
    }
}

impl AnswerTime {
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// The hub answered: the next answer may take four times as long.
    pub(crate) fn answered_after(&mut self, took: Duration) {
        self.limit = (took * 4).clamp(SHORTEST, LONGEST);
    }

    /// The hub did not answer in time: the next answer may take twice as long.
    pub(crate) fn ran_out(&mut self) {
        self.limit = (self.limit * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_hub_is_waited_for_and_a_quick_one_is_not() {
        let mut answer_time = AnswerTime::default();
        assert_eq!(answer_time.limit(), SHORTEST);
        answer_time.ran_out();
        answer_time.ran_out();
        assert_eq!(answer_time.limit(), SHORTEST * 4);
        answer_time.answered_after(Duration::from_secs(2));
        assert_eq!(answer_time.limit(), Duration::from_secs(8));
        answer_time.answered_after(Duration::from_millis(20));
        assert_eq!(answer_time.limit(), SHORTEST);
        for _ in 0..9 {
            answer_time.ran_out();
        }
        assert_eq!(answer_time.limit(), LONGEST);
    }
}
