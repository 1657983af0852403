//! Every app setting, read once. Nothing else in the program reads the environment, with one exception: what is decided
//! here of telemetry is whether there is any, and the OpenTelemetry SDK reads its other settings (`OTEL_*`) itself.
//!
//! All mistakes are found in one go, so that an operator mends them in one go.

use std::net::{Ipv4Addr, SocketAddr};

use event_hub_producer::Config as HubConfig;
use twin_records::Config as RecordConfig;

use crate::{bridge, dead_letters::StoreConfig, logging::LogConfig, telemetry::TelemetryConfig};

mod dead_letters;
mod environment;
mod names;
mod reader;
mod sections;
mod source;

pub use environment::environment;
pub use reader::Mistakes;
use reader::Reader;

/// What the handler needs to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen: loopback, on the port that the host chose. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where records go.
    pub hub: HubConfig,
    /// What it does with deliveries.
    pub bridge: bridge::Config,
    /// Where dead letters go, if anywhere.
    pub dead_letters: Option<StoreConfig>,
    /// What is logged, and how.
    pub log: LogConfig,
    /// What is exported to an OpenTelemetry collector.
    pub telemetry: TelemetryConfig,
}

impl Settings {
    /// Reads all settings through `lookup`, which answers a setting's value by its name.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(lookup);
        let hub = reader.hub();
        if let Some(hub) = &hub {
            reader.source(hub);
        }
        let listen = reader.port().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let bridge = reader.bridge();
        let dead_letters = reader.dead_letters();
        let (log, telemetry) = (reader.log(), reader.telemetry());
        reader.finish(hub.zip(listen).map(|(hub, listen)| Self { listen, hub, bridge, dead_letters, log, telemetry }))
    }
}

/// Reads what a command needs that sends to the hub but serves nobody.
pub fn read_bridge(lookup: impl Fn(&str) -> Option<String>) -> Result<(HubConfig, bridge::Config), Mistakes> {
    let mut reader = Reader::new(lookup);
    let hub = reader.hub();
    let bridge = reader.bridge();
    reader.finish(hub.map(|hub| (hub, bridge)))
}

/// The same, and where dead letters are kept: there must be such a place.
pub fn read_bridge_and_store(
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<(HubConfig, bridge::Config, StoreConfig), Mistakes> {
    let mut reader = Reader::new(lookup);
    let hub = reader.hub();
    let bridge = reader.bridge();
    let store = reader.required_dead_letters();
    reader.finish(hub.zip(store).map(|(hub, store)| (hub, bridge, store)))
}

/// Reads only what shapes a record, for the commands that need no hub.
pub fn read_records(lookup: impl Fn(&str) -> Option<String>) -> Result<RecordConfig, Mistakes> {
    let mut reader = Reader::new(lookup);
    let records = reader.records();
    reader.finish(Some(records))
}

#[cfg(test)]
mod tests;
