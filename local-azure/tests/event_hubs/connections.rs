//! Outages.

use local_azure::event_hubs::ConnectionCounts;
use tokio::time::timeout;

use crate::{
    HUB, PATIENCE, raw,
    sdk::{self, in_time, to_partition},
    start,
};

#[tokio::test]
async fn cut_connections_are_gone_and_new_ones_welcome() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    assert_eq!(hubs.connections(), ConnectionCounts { opened: 1, open: 1, closed_cleanly: 0 });

    hubs.faults().cut_connections();
    timeout(PATIENCE, link.on_detach()).await.unwrap();
    assert!(hubs.wait_until(PATIENCE, |hubs| hubs.connections().open == 0).await);

    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    assert!(raw::send(&mut link, raw::event("hello", None)).await.is_accepted());
    link.close().await.unwrap();
    client.close().await;
    assert!(hubs.wait_until(PATIENCE, |hubs| hubs.connections().open == 0).await);
    assert_eq!(hubs.connections(), ConnectionCounts { opened: 2, open: 0, closed_cleanly: 1 });
}

#[tokio::test]
async fn contents_and_port_survive_an_outage() {
    let hubs = start();
    let address = hubs.address();
    let producer = sdk::producer(&hubs).await;
    sdk::send(&producer, &["before"], to_partition("1")).await;

    hubs.pause();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert_eq!(hubs.connections().open, 0);
    hubs.resume().unwrap();
    assert_eq!(hubs.address(), address);
    // The client of before may or may not find back; the bridge doesn't count on it either.
    drop(producer);

    let producer = sdk::producer(&hubs).await;
    sdk::send(&producer, &["after"], to_partition("1")).await;
    let events = hubs.wait_for(HUB, 2, PATIENCE).await.unwrap();
    let seen: Vec<_> = events.iter().map(|event| (event.sequence_number, event.text())).collect();
    assert_eq!(seen, [(0, "before".into()), (1, "after".into())]);
    in_time(producer.close()).await.unwrap();
}

#[tokio::test]
async fn waiting_for_too_much_tells_what_there_is() {
    let hubs = start();
    let error = hubs.wait_for(HUB, 1, std::time::Duration::from_millis(10)).await.unwrap_err();
    assert_eq!(error.to_string(), "0 of 1 events came in time");
    assert!(hubs.events("other").is_empty());
}
