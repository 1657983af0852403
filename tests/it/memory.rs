//! A hub that takes nothing, and deliveries that keep coming: every one is answered in time, and memory stays bounded.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use local_azure::event_hubs::Answer as HubAnswer;
use serde_json::json;

use crate::handler::{Handler, hub, invocation, update};

const DELIVERIES: usize = 1000;
const MEGABYTE: usize = 1024 * 1024;
const LIMIT: usize = 512 * MEGABYTE;

#[tokio::test]
async fn a_thousand_large_deliveries_are_answered_and_memory_stays_bounded() {
    let hub = hub();
    let handler = Arc::new(Handler::start(&hub, &[("DELIVERY_TIMEOUT", "5s")]).await);
    handler.deliver(&json!([update("before", "t", &[("/a", json!(1))])])).await.assert_delivered();
    hub.faults().answer(HubAnswer::Silent);

    // Half a megabyte of events, which the host doubles.
    let values: Vec<_> = (0..500).map(|number| (format!("/p{number}"), json!("v".repeat(1050)))).collect();
    let values: Vec<_> = values.iter().map(|(path, value)| (path.as_str(), value.clone())).collect();
    let body = bytes::Bytes::from(invocation(&json!([update("e", "t", &values)])));
    assert!(body.len() > MEGABYTE);

    let http = reqwest::Client::new();
    let deliveries: Vec<_> = (0..DELIVERIES)
        .map(|_| {
            let request = http.post(format!("{}/function", handler.url())).body(body.clone());
            tokio::spawn(async move {
                let started = Instant::now();
                let status = request.send().await.unwrap().status();
                (status, started.elapsed())
            })
        })
        .collect();
    let mut longest = Duration::ZERO;
    for delivery in deliveries {
        let (status, took) = delivery.await.unwrap();
        assert_eq!(status, 503);
        longest = longest.max(took);
    }
    // The sender's own work for a gigabyte counts here too, so this is not the promise but a bound on it.
    assert!(longest < Duration::from_secs(15), "{longest:?}");
    assert!(handler.peak_memory() < LIMIT, "{} bytes", handler.peak_memory());
    eprintln!("longest {longest:?}, peak {} MB", handler.peak_memory() / MEGABYTE);

    let status = handler.status().await;
    let since_start = &status["sinceStart"];
    let failed: u64 = since_start["failed"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(failed, DELIVERIES as u64, "{status}");
    assert_eq!((&since_start["inFlight"], &since_start["delivered"]), (&json!(0), &json!(1)));
}
