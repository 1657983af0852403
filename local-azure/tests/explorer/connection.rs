//! The hub goes away and comes back.

use crate::{
    TIMEOUT,
    factory::{Factory, time, update},
};

#[tokio::test]
async fn reading_goes_on_after_the_connection_was_lost() {
    let factory = Factory::start().await;
    let start = time("2026-01-01T12:00:00Z");
    factory.send_records(&[update("Step", "Force", 1, start)]).await;
    factory.has_read(1).await;

    factory.hubs.pause();
    let state = |wanted: &'static str| {
        let factory = &factory;
        async move {
            while factory.json("api/overview").await["connection"] != wanted {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    };
    tokio::time::timeout(TIMEOUT, state("lost")).await.unwrap();
    factory.hubs.resume().unwrap();
    tokio::time::timeout(TIMEOUT, state("reading")).await.unwrap();
    factory.refill(&[update("Step", "Force", 2, start + time::Duration::SECOND)]).await;
    factory.has_read(2).await;
    assert_eq!(factory.curve("series=Step/Force").await["v"], serde_json::json!([1.0, 2.0]));
    assert_eq!(factory.explorer.counters().repeats, 0, "nothing is read twice");
}
