//! Outages.

use std::time::Duration;

use local_azure::event_hubs::{ConnectionCounts, Reception};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    HUB, TIMEOUT, raw,
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
    timeout(TIMEOUT, link.on_detach()).await.unwrap();
    assert!(hubs.wait_until(TIMEOUT, |hubs| hubs.connections().open == 0).await);

    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(HUB).await;
    assert!(raw::send(&mut link, raw::event("hello", None)).await.is_accepted());
    link.close().await.unwrap();
    client.close().await;
    assert!(hubs.wait_until(TIMEOUT, |hubs| hubs.connections().open == 0).await);
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
    let events = hubs.wait_for(HUB, 2, TIMEOUT).await.unwrap();
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

#[tokio::test]
async fn connections_can_be_refused() {
    let hubs = start();
    hubs.faults().receive_connections(Reception::Refuse);
    let mut refused = TcpStream::connect(hubs.address()).await.unwrap();
    assert_eq!(timeout(TIMEOUT, refused.read(&mut [0])).await.unwrap().unwrap_or(0), 0, "an end or a reset");
    assert_eq!(hubs.connections().opened, 0);

    hubs.faults().receive_connections(Reception::Serve);
    sdk::send(&sdk::producer(&hubs).await, &["hello"], to_partition("0")).await;
}

#[tokio::test]
async fn connections_can_be_met_with_silence() {
    let hubs = start();
    hubs.faults().receive_connections(Reception::Silent);
    let mut ignored = TcpStream::connect(hubs.address()).await.unwrap();
    ignored.write_all(b"AMQP\x03\x01\x00\x00").await.unwrap();
    assert!(hubs.wait_until(TIMEOUT, |hubs| hubs.connections().open == 1).await);
    assert!(timeout(Duration::from_millis(50), ignored.read(&mut [0])).await.is_err());

    hubs.faults().receive_connections(Reception::Serve);
    sdk::send(&sdk::producer(&hubs).await, &["hello"], to_partition("0")).await;
    hubs.faults().cut_connections();
    assert_eq!(timeout(TIMEOUT, ignored.read(&mut [0])).await.unwrap().unwrap_or(0), 0);
    assert!(hubs.wait_until(TIMEOUT, |hubs| hubs.connections().open == 0).await);
}
