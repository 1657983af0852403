//! When an invocation that failed is tried again: `retry` in `function.json`.

use std::time::Duration;

use serde::Deserialize;

use super::timespan;

/// How far a delay that grows may be off, either way (`RandomizedExponentialBackoffStrategy`).
const RANDOMIZATION: f64 = 0.2;

/// A retry policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RetryPolicy {
    /// `None` is for ever.
    pub(super) max_retry_count: Option<u32>,
    strategy: Strategy,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Strategy {
    FixedDelay(Duration),
    ExponentialBackoff { minimum: Duration, maximum: Duration },
}

/// The delays of one batch.
#[derive(Debug)]
pub(super) struct Delays<'a> {
    policy: &'a RetryPolicy,
    /// How often there has been one.
    count: u32,
}

/// The section `retry`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetryJson {
    strategy: String,
    max_retry_count: i64,
    delay_interval: Option<String>,
    minimum_interval: Option<String>,
    maximum_interval: Option<String>,
}

impl RetryJson {
    /// The policy. The error says in words what is wrong.
    pub(super) fn into_policy(self) -> Result<RetryPolicy, String> {
        let max_retry_count = match self.max_retry_count {
            -1 => None,
            count => Some(u32::try_from(count).map_err(|_| format!("retry.maxRetryCount is {count}"))?),
        };
        let strategy = match self.strategy.to_lowercase().as_str() {
            "fixeddelay" => Strategy::FixedDelay(interval("delayInterval", self.delay_interval)?),
            "exponentialbackoff" => {
                let minimum = interval("minimumInterval", self.minimum_interval)?;
                let maximum = interval("maximumInterval", self.maximum_interval)?;
                if minimum > maximum {
                    return Err("retry.minimumInterval is longer than retry.maximumInterval".to_owned());
                }
                Strategy::ExponentialBackoff { minimum, maximum }
            }
            other => {
                return Err(format!("retry.strategy is {other:?}, must be \"fixedDelay\" or \"exponentialBackoff\""));
            }
        };
        Ok(RetryPolicy { max_retry_count, strategy })
    }
}

fn interval(name: &str, text: Option<String>) -> Result<Duration, String> {
    let text = text.ok_or_else(|| format!("retry.{name} is missing"))?;
    timespan::parse(&text).ok_or_else(|| format!("retry.{name} is {text:?}, must be a time span such as \"00:00:10\""))
}

impl RetryPolicy {
    /// The delays of a batch that is about to be tried for the first time.
    pub(super) fn delays(&self) -> Delays<'_> {
        Delays { policy: self, count: 0 }
    }
}

impl Delays<'_> {
    /// How often the batch has been retried.
    pub(super) fn retry_count(&self) -> u32 {
        self.count
    }

    /// How long to wait before the next try; `None` if there is none.
    pub(super) fn next(&mut self) -> Option<Duration> {
        if self.policy.max_retry_count.is_some_and(|most| self.count >= most) {
            return None;
        }
        let delay = match self.policy.strategy {
            Strategy::FixedDelay(delay) => delay,
            Strategy::ExponentialBackoff { minimum, maximum } => backoff(minimum, self.count).min(maximum),
        };
        self.count = self.count.saturating_add(1);
        Some(delay)
    }
}

/// The minimum first, then the minimum and about 1, 2, 4, … times it.
fn backoff(minimum: Duration, count: u32) -> Duration {
    let Some(exponent) = count.checked_sub(1) else { return minimum };
    let random = 1.0 - RANDOMIZATION + 2.0 * RANDOMIZATION * fastrand::f64();
    // A power that is too large only has to stay too large.
    let increment = minimum.as_secs_f64() * random * 2_f64.powi(exponent.min(62).cast_signed());
    minimum.saturating_add(Duration::try_from_secs_f64(increment).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(json: &str) -> Result<RetryPolicy, String> {
        serde_json::from_str::<RetryJson>(json).unwrap().into_policy()
    }

    #[test]
    fn a_fixed_delay_ends_after_the_last_retry() {
        let policy = policy(r#"{"strategy":"fixedDelay","maxRetryCount":2,"delayInterval":"00:00:10"}"#).unwrap();
        let mut delays = policy.delays();
        let waited = [delays.next(), delays.next(), delays.next()];
        assert_eq!(waited, [Some(Duration::from_secs(10)), Some(Duration::from_secs(10)), None]);
        assert_eq!(delays.retry_count(), 2);
    }

    #[test]
    fn a_backoff_doubles_up_to_the_maximum_and_never_ends() {
        let policy = policy(
            r#"{"strategy":"exponentialBackoff","maxRetryCount":-1,"minimumInterval":"00:00:01","maximumInterval":"00:01:00"}"#,
        )
        .unwrap();
        let mut delays = policy.delays();
        for (least, most) in [(1.0, 1.0), (1.8, 2.2), (2.6, 3.4), (4.2, 5.8)] {
            let delay = delays.next().unwrap().as_secs_f64();
            assert!((least..=most).contains(&delay), "{delay} is not from {least} to {most}");
        }
        let last = (0..1_000).map(|_| delays.next().unwrap()).last();
        assert_eq!(last, Some(Duration::from_secs(60)));
    }

    #[test]
    fn what_is_no_policy_is_named() {
        for (json, problem) in [
            (r#"{"strategy":"never","maxRetryCount":1}"#, r#"retry.strategy is "never""#),
            (r#"{"strategy":"fixedDelay","maxRetryCount":1}"#, "retry.delayInterval is missing"),
            (r#"{"strategy":"fixedDelay","maxRetryCount":-2,"delayInterval":"00:00:01"}"#, "maxRetryCount is -2"),
            (r#"{"strategy":"fixedDelay","maxRetryCount":1,"delayInterval":"1"}"#, r#"delayInterval is "1""#),
            (
                r#"{"strategy":"exponentialBackoff","maxRetryCount":1,"minimumInterval":"00:00:02","maximumInterval":"00:00:01"}"#,
                "longer than",
            ),
        ] {
            assert!(policy(json).unwrap_err().contains(problem), "{json}");
        }
    }
}
