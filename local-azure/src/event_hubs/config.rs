//! What an endpoint is started with.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::amqp::sas::Policy;

/// The settings of an endpoint.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The hubs that exist. None can be added later.
    pub hubs: Vec<HubConfig>,
    /// The name of the shared access policy, which may do everything.
    pub key_name: String,
    /// The key of that policy.
    pub key: String,
    /// The largest transfer that a link takes, announced when it attaches.
    pub max_message_size: u64,
    /// How many bytes a partition keeps before it drops its oldest events.
    pub retention_bytes: usize,
    /// How long a transfer waits for its answer. Not nothing by default: the real service takes a few milliseconds,
    /// and clients are known to lose an answer that overtakes their own bookkeeping.
    pub acknowledgement_delay: Duration,
}

impl Config {
    pub(super) fn policy(&self) -> Policy<'_> {
        Policy { name: &self.key_name, key: &self.key }
    }
}

impl Default for Config {
    /// One hub named `twins` with four partitions, on a port of the system's choice.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            hubs: vec![HubConfig::new("twins", 4)],
            key_name: "RootManageSharedAccessKey".to_owned(),
            key: "local-azure".to_owned(),
            max_message_size: 1_048_576,
            retention_bytes: 32 * 1024 * 1024,
            acknowledgement_delay: Duration::from_millis(2),
        }
    }
}

/// A hub as it shall exist.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// Its name, which clients may write in any case.
    pub name: String,
    /// How many partitions it has; at least one is made.
    pub partitions: u32,
    /// Consumer groups beside `$Default`, which every hub has.
    pub consumer_groups: Vec<String>,
}

impl HubConfig {
    /// A hub with no consumer group but `$Default`.
    #[must_use]
    pub fn new(name: &str, partitions: u32) -> Self {
        Self { name: name.to_owned(), partitions, consumer_groups: Vec::new() }
    }
}
