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
    /// The topics that exist. None can be added later.
    pub topics: Vec<TopicConfig>,
    /// The name of the shared access policy, which may do everything.
    pub key_name: String,
    /// The key of that policy.
    pub key: String,
    /// The largest transfer that a link takes, announced when it attaches.
    pub max_message_size: u64,
}

impl Config {
    pub(super) fn policy(&self) -> Policy<'_> {
        Policy { name: &self.key_name, key: &self.key }
    }
}

impl Default for Config {
    /// One topic named `twins` with one subscription named `bridge`, on a port of the system's choice.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            topics: vec![TopicConfig::new("twins", "bridge")],
            key_name: "RootManageSharedAccessKey".to_owned(),
            key: "local-azure".to_owned(),
            max_message_size: 1_048_576,
        }
    }
}

/// A topic as it shall exist.
#[derive(Clone, Debug)]
pub struct TopicConfig {
    /// Its name, which clients may write in any case.
    pub name: String,
    /// Its subscriptions, each of which gets every message.
    pub subscriptions: Vec<SubscriptionConfig>,
}

impl TopicConfig {
    /// A topic with one subscription.
    #[must_use]
    pub fn new(name: &str, subscription: &str) -> Self {
        Self { name: name.to_owned(), subscriptions: vec![SubscriptionConfig::new(subscription)] }
    }
}

/// A subscription as it shall exist.
#[derive(Clone, Debug)]
pub struct SubscriptionConfig {
    /// Its name, which clients may write in any case.
    pub name: String,
    /// How long a message that was received is locked. Azure takes five minutes at most.
    pub lock_duration: Duration,
    /// After how many deliveries that came to nothing a message goes to the dead-letter queue.
    pub max_delivery_count: u32,
}

impl SubscriptionConfig {
    /// A subscription with the lock duration and the delivery count that Azure Resource Manager gives it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), lock_duration: Duration::from_secs(60), max_delivery_count: 10 }
    }
}
