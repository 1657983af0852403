//! How long an instance wants to be left alone: for one request is for all.

use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::time::{Instant, sleep_until};

/// The longest that is waited where the instance does not say how long.
const LONGEST: Duration = Duration::from_secs(30);

/// When requests may go out again.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    until: Mutex<Option<Instant>>,
}

impl Throttle {
    /// Waits until requests may go out.
    pub(crate) async fn pass(&self) {
        while let Some(until) = self.closed_until() {
            sleep_until(until).await;
        }
    }

    /// Lets no request out for so long.
    pub(crate) fn close(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut closed = self.until.lock();
        *closed = Some(closed.map_or(until, |closed| closed.max(until)));
    }

    fn closed_until(&self) -> Option<Instant> {
        self.until.lock().filter(|until| *until > Instant::now())
    }
}

/// The wait that an answer asks for: seconds, or a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// The wait after so many failures where the instance does not say: twice as long each time, and never the same for all.
pub(crate) fn backoff(failures: u32) -> Duration {
    let longest = LONGEST.min(Duration::from_millis(500) * 2_u32.saturating_pow(failures.min(10)));
    longest.mul_f64(0.5 + 0.5 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())])
    }

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        assert_eq!(retry_after(&headers("17")), Some(Duration::from_secs(17)));
        assert_eq!(retry_after(&headers("Sun, 06 Nov 1994 08:49:37 GMT")), Some(Duration::ZERO));
        let later = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
        assert!((3598..=3600).contains(&retry_after(&headers(&later)).unwrap().as_secs()));
        assert_eq!([retry_after(&headers("soon")), retry_after(&HeaderMap::new())], [None, None]);
    }

    #[test]
    fn waits_grow_up_to_a_limit() {
        for failures in 0..40 {
            assert!((Duration::from_millis(250)..=LONGEST).contains(&backoff(failures)));
        }
        assert!(backoff(8) > backoff(0));
    }

    #[tokio::test]
    async fn the_longest_wait_counts() {
        let throttle = Throttle::default();
        let started = Instant::now();
        throttle.pass().await;
        throttle.close(Duration::from_millis(50));
        throttle.close(Duration::from_millis(10));
        throttle.pass().await;
        assert!(started.elapsed() >= Duration::from_millis(50));
    }
}
