//! What an answer, or none, means for the events of a delivery.
//!
//! After <https://learn.microsoft.com/azure/event-grid/delivery-and-retry>.

use std::time::Duration;

use reqwest::StatusCode;

/// A delivery failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// `lastDeliveryOutcome` of a dead letter.
    pub(super) outcome: &'static str,
    /// The status of the answer, if there was one.
    pub(super) status: Option<StatusCode>,
    /// How long to wait at least before another attempt; `None` if there must be none.
    pub(super) retry_after: Option<Duration>,
}

/// Nothing is tried again sooner than that.
const SHORTEST_WAIT: Duration = Duration::from_secs(10);

impl Failure {
    pub(super) const TIMED_OUT: Self = Self { outcome: "TimedOut", status: None, retry_after: Some(SHORTEST_WAIT) };
    pub(super) const NO_CONNECTION: Self =
        Self { outcome: "SocketError", status: None, retry_after: Some(SHORTEST_WAIT) };
}

/// Judges the status of an answer. Only 200 to 204 are a success; a redirect is followed by nobody.
///
/// Of 403 there are contradicting reports; the newer documentation says that it is not tried again.
pub(super) fn judge(status: StatusCode) -> Result<(), Failure> {
    let (outcome, retry_after) = match status.as_u16() {
        200..=204 => return Ok(()),
        400 => ("BadRequest", None),
        401 => ("Unauthorized", None),
        403 => ("Forbidden", None),
        413 => ("PayloadTooLarge", None),
        404 => ("NotFound", Some(Duration::from_secs(300))),
        408 => ("TimedOut", Some(Duration::from_secs(120))),
        503 => ("Busy", Some(Duration::from_secs(30))),
        429 => ("Busy", Some(SHORTEST_WAIT)),
        _ => ("GenericError", Some(SHORTEST_WAIT)),
    };
    Err(Failure { outcome, status: Some(status), retry_after })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_200_to_204_are_a_success() {
        let success: Vec<u16> = (100..600).filter(|&code| judge(StatusCode::from_u16(code).unwrap()).is_ok()).collect();
        assert_eq!(success, [200, 201, 202, 203, 204]);
    }

    #[test]
    fn what_is_hopeless_is_not_tried_again() {
        let hopeless = |code: &u16| judge(StatusCode::from_u16(*code).unwrap()).is_err_and(|f| f.retry_after.is_none());
        assert_eq!((100..600).filter(hopeless).collect::<Vec<u16>>(), [400, 401, 403, 413]);
    }
}
