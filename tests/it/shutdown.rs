//! How the handler stops: no more deliveries, those in flight finished, the connection closed in order.

use local_azure::event_hubs::Answer as HubAnswer;
use serde_json::json;

use crate::handler::{Handler, TIMEOUT, hub, update};

#[tokio::test]
async fn a_stop_finishes_what_is_in_flight() {
    let hub = hub();
    let mut handler = Handler::start(&hub, &[]).await;
    handler.ready().await;
    hub.faults().answer(HubAnswer::Hold);
    let request = handler.request(crate::handler::invocation(&json!([update("e", "t", &[("/a", json!(1))])])));
    let delivery = tokio::spawn(request.send());
    assert!(hub.wait_until(TIMEOUT, |hub| !hub.events("twins").is_empty()).await);

    handler.terminate();
    handler.logged("Stopping: no more deliveries are taken.").await;
    assert!(reqwest::get(handler.url()).await.is_err(), "no new connection is taken");
    hub.faults().release_held();

    assert_eq!(delivery.await.unwrap().unwrap().status(), 200);
    assert_eq!(handler.ended().await, Some(0));
    assert!(hub.wait_until(TIMEOUT, |hub| hub.connections().open == 0).await);
    handler.logged("Stopped.").await;
    assert!(!handler.log().contains("could not be closed"), "{}", handler.log());
}

/// Many times, since what it guards against is a matter of microseconds.
#[tokio::test]
async fn who_listens_can_be_stopped() {
    let hub = hub();
    for ask in [Handler::terminate, Handler::interrupt].repeat(10) {
        let mut handler = Handler::start(&hub, &[]).await;
        ask(&handler);
        assert_eq!(handler.ended().await, Some(0));
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_hub_that_is_gone() {
    let hub = hub();
    hub.pause();
    let mut handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "1s")]).await;
    let request = handler.request(crate::handler::invocation(&json!([update("e", "t", &[("/a", json!(1))])])));
    let delivery = tokio::spawn(request.send());
    handler.logged("The event hub can't be reached").await;
    handler.terminate();
    assert_eq!(handler.ended().await, Some(0));
    // Answered as failed, or, if the stop was faster than its connection, refused: either way not acknowledged.
    assert!(delivery.await.unwrap().map_or(true, |response| response.status() == 503));
}
