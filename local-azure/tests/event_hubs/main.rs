//! The Event Hubs endpoint as its clients see it: Microsoft's for Rust, Python, JavaScript and .NET, which nobody here
//! wrote, and a bare AMQP client for what those hide.

// clippy.toml excepts test functions, but not the functions they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "../shared/amqp.rs"]
mod amqp;
mod authorisation;
#[path = "../shared/azure_dotnet.rs"]
mod azure_dotnet;
mod clients;
mod connections;
mod consuming;
mod control;
mod dotnet;
#[path = "../shared/azurite.rs"]
mod emulator;
#[path = "../shared/language.rs"]
mod language;
mod outcomes;
mod ownership;
mod partitions;
mod processors;
mod raw;
mod sdk;
mod size;
#[path = "../shared/skipped.rs"]
mod skipped;

use std::time::Duration;

use local_azure::event_hubs::{Config, EventHubs, HubConfig};

/// The hub that all tests use.
const HUB: &str = "twins";

/// Far longer than anything here takes, so that only a real failure reaches it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// An endpoint with four partitions.
fn start() -> EventHubs {
    start_with(4)
}

fn start_with(partitions: u32) -> EventHubs {
    let mut hub = HubConfig::new(HUB, partitions);
    hub.consumer_groups.push("explorer".to_owned());
    EventHubs::start(Config { hubs: vec![hub], ..Config::default() }).unwrap()
}
