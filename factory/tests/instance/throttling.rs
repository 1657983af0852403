//! An instance that puts requests off, or fails.

use std::time::{Duration, Instant};

use factory::{LAB, Uploaded};
use local_azure::digital_twins::Trouble;
use reqwest::StatusCode;

use crate::support::Site;

const ALL: Uploaded = Uploaded { models: 8, twins: 6, relationships: 5 };

#[tokio::test]
async fn a_request_comes_again_when_it_was_told_to() {
    for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
        let mut site = Site::start().await;
        let wait = Duration::from_secs(1);
        site.twins.faults().answer_next(1, Trouble { status, retry_after: Some(wait) });
        let started = Instant::now();
        assert_eq!(site.upload(LAB).await.unwrap(), ALL);
        assert!(started.elapsed() >= wait, "{:?}", started.elapsed());
        assert_eq!(site.told().len(), 11, "nothing was done twice");
    }
}

#[tokio::test]
async fn a_failure_that_may_pass_is_tried_again() {
    let site = Site::start().await;
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY, StatusCode::TOO_MANY_REQUESTS] {
        site.twins.faults().answer_next(1, Trouble { status, retry_after: None });
    }
    assert_eq!(site.upload(LAB).await.unwrap(), ALL);
    assert_eq!(site.twins.faults().left(), 0);
}

#[tokio::test]
async fn a_refusal_is_told_at_once() {
    let site = Site::start().await;
    for (status, expected) in [
        (StatusCode::FORBIDDEN, "It takes the role Azure Digital Twins Data Owner on it"),
        (StatusCode::UNAUTHORIZED, "The instance denies access (401 Unauthorized)"),
        (StatusCode::NOT_FOUND, "The instance refuses GET /models (404 Not Found"),
    ] {
        site.twins.faults().answer_next(1, Trouble { status, retry_after: None });
        let text = site.upload(LAB).await.unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
        assert_eq!(site.twins.faults().left(), 0);
    }
    assert!(site.models().is_empty());
}

#[tokio::test]
async fn an_instance_that_is_away_for_good_is_told_of() {
    let site = Site::start().await;
    site.twins.faults().answer_next(
        1,
        Trouble { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(Duration::from_secs(3600)) },
    );
    let text = site.upload(LAB).await.unwrap_err().to_string();
    assert_eq!(text, "The instance puts us off (429 Too Many Requests), for 1h in all by now.");
}
