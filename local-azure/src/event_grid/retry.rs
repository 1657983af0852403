//! When a failed event is tried again.

use std::time::Duration;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Event Grid's schedule of waits: after the first attempt, after the second, and so on; the last is repeated.
/// <https://learn.microsoft.com/azure/event-grid/delivery-and-retry#retry-schedule>
const WAITS: [u64; 10] =
    [10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR];

/// Event Grid randomises its waits by an amount that it doesn't tell.
const JITTER: f64 = 0.1;

/// How long to wait after so many attempts (at least one), and at least `minimum`.
pub(super) fn wait(attempts: u32, minimum: Duration) -> Duration {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let scheduled = WAITS.get(index).or(WAITS.last()).copied().unwrap_or_default();
    Duration::from_secs(scheduled).max(minimum).mul_f64(1.0 + JITTER * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_some_jitter() {
        for (attempts, minimum, scheduled) in
            [(1, 10, 10), (2, 10, 30), (3, 10, 60), (1, 300, 300), (9, 10, 21_600), (10, 10, 43_200), (29, 10, 43_200)]
        {
            let waits: Vec<_> = (0..100).map(|_| wait(attempts, Duration::from_secs(minimum)).as_secs_f64()).collect();
            let scheduled = f64::from(scheduled);
            assert!(waits.iter().all(|wait| (scheduled..=scheduled * 1.1).contains(wait)), "{waits:?}");
            assert!(waits.windows(2).any(|pair| pair[0] < pair[1]), "no jitter");
        }
    }
}
