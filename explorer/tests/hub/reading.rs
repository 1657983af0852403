//! What is read, from where on, and that nothing is read twice or missed.

use explorer::Source;
use serde_json::json;
use time::OffsetDateTime;

use crate::plant::{GROUP, Plant, explore, has_read, json, until};

#[tokio::test]
async fn every_partition_is_read_and_tells_how_far() {
    let plant = Plant::start();
    plant.send(16, 0..100).await;
    let explorer = plant.explorer().await;
    has_read(&explorer, 1_600).await;
    plant.send(16, 100..101).await;
    has_read(&explorer, 1_616).await;

    let overview = json(&explorer.url(), "api/overview").await;
    assert_eq!((&overview["connection"], &overview["behind"]), (&json!("reading"), &json!(0)));
    let partitions = overview["partitions"].as_array().unwrap();
    assert_eq!(partitions.iter().map(|one| one["id"].as_str().unwrap()).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
    let events = plant.hubs.events("twins");
    for (number, partition) in partitions.iter().enumerate() {
        let last = events.iter().rfind(|event| event.partition == number).map(|event| event.sequence_number);
        assert_eq!(partition["position"], json!(last), "partition {number}");
        assert_eq!(partition["behind"], 0);
    }
}

#[tokio::test]
async fn what_the_hub_took_before_is_left_out() {
    let plant = Plant::start();
    plant.send(8, 0..10).await;
    // The hub counts in whole milliseconds.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let since = Some(OffsetDateTime::now_utc());
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let explorer = explore(Source { since, ..plant.source() }).await;
    until("nothing is to be read", || explorer.behind() == Some(0)).await;
    assert_eq!(explorer.counters().records, 0);
    plant.send(8, 10..11).await;
    has_read(&explorer, 8).await;
    let again = explore(Source { since, ..plant.source() }).await;
    has_read(&again, 8).await;
}

#[tokio::test]
async fn a_consumer_group_of_its_own() {
    let plant = Plant::start();
    plant.send(4, 0..10).await;
    let explorer = explore(Source { consumer_group: GROUP.to_owned(), ..plant.source() }).await;
    has_read(&explorer, 40).await;
}

#[tokio::test]
async fn cuts_lose_nothing_and_repeat_nothing() {
    let plant = Plant::start();
    let explorer = plant.explorer().await;
    for round in 0..10 {
        plant.send(16, round * 50..(round + 1) * 50).await;
        match round % 3 {
            0 => plant.hubs.faults().cut_connections(),
            1 => {
                plant.hubs.pause();
                plant.hubs.resume().unwrap();
            }
            _ => has_read(&explorer, 16 * 50 * (round as u64 + 1)).await,
        }
    }
    has_read(&explorer, 16 * 500).await;
    assert_eq!(explorer.counters().repeats, 0);
    let curve = &json(&explorer.url(), "api/series?series=Step7/Force&interval=raw").await["series"][0];
    let expected: Vec<_> = (0..500).map(f64::from).collect();
    assert_eq!(curve["v"], json!(expected));
}

/// As long as `SOAK` says, in seconds.
#[tokio::test]
#[ignore = "takes as long as one likes"]
async fn a_soak_with_cuts() {
    let seconds = std::env::var("SOAK").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    let plant = Plant::start();
    let explorer = plant.explorer().await;
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let mut round = 0;
    while std::time::Instant::now() < end {
        plant.send(64, round * 20..(round + 1) * 20).await;
        round += 1;
        match fastrand::u8(..20) {
            0 => plant.hubs.faults().cut_connections(),
            1 => {
                plant.hubs.pause();
                tokio::time::sleep(std::time::Duration::from_millis(fastrand::u64(..3_000))).await;
                plant.hubs.resume().unwrap();
            }
            2 => plant.hubs.faults().expire_tokens(),
            3 => has_read(&explorer, 64 * 20 * round as u64).await,
            _ => tokio::time::sleep(std::time::Duration::from_millis(fastrand::u64(..50))).await,
        }
    }
    has_read(&explorer, 64 * 20 * round as u64).await;
    println!("{:?}, {:?}", explorer.counters(), plant.hubs.connections());
    assert_eq!(explorer.counters().repeats, 0);
}

#[tokio::test]
async fn a_hub_that_is_made_again_is_read_from_its_beginning() {
    let plant = Plant::start();
    plant.send(16, 0..10).await;
    let explorer = plant.explorer().await;
    has_read(&explorer, 160).await;
    // Another time of making, which counts in milliseconds.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    plant.hubs.make_again("twins", 2);
    plant.send(16, 10..11).await;
    has_read(&explorer, 176).await;
    assert_eq!(json(&explorer.url(), "api/overview").await["partitions"].as_array().unwrap().len(), 2);
}
