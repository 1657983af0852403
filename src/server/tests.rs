use event_hub_producer::SendError;

use super::*;
use crate::invocation::BadInvocation;

/// The whole table: each failure has its status and its word.
#[test]
fn every_failure_has_its_answer() {
    let failures = [
        (Failure::Delivery(BadInvocation::NotAnEnvelope.into()), 400, "badInvocation"),
        (Failure::Delivery(DeliveryError::from(SendError::NoAnswer)), 503, "noAnswer"),
        (Failure::Delivery(DeliveryError::from(SendError::Stopped)), 503, "stopped"),
        (Failure::TooLarge, 413, "tooLargeDelivery"),
        (Failure::BrokeOff, 400, "brokeOff"),
        (Failure::NoMemory, 503, "noMemory"),
    ];
    for (failure, status, kind) in failures {
        assert_eq!((failure.status().as_u16(), failure.kind()), (status, kind), "{failure}");
    }
}

#[test]
fn texts_tell_what_to_do() {
    insta::assert_snapshot!(Failure::TooLarge, @"The delivery is larger than 16777216 bytes. Lower maxEventsPerBatch of the Event Grid subscription.");
    insta::assert_snapshot!(Failure::BrokeOff, @"The delivery broke off before its end.");
    insta::assert_snapshot!(Failure::NoMemory, @"The delivery could not be read in time: others, which wait for the event hub, fill the memory set aside for them.");
}

#[tokio::test]
async fn a_panic_is_answered_as_a_fault_of_ours() {
    let router: Router = Router::new()
        .route("/", get(|| async { panic!("on purpose") as &str }))
        .layer(CatchPanicLayer::custom(panicked));
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}
