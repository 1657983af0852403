//! The Service Bus endpoint as its clients see it: Microsoft's for .NET, Python and JavaScript, which nobody here wrote,
//! and a bare AMQP client for what those hide.

// clippy.toml excepts test functions, but not the functions they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod clients;

use std::time::Duration;

use local_azure::service_bus::{Config, ServiceBus, SubscriptionConfig, TopicConfig};

/// The topic that all tests use.
const TOPIC: &str = "twins";

/// The subscription that most tests use.
const SUBSCRIPTION: &str = "bridge";

/// Far longer than anything here takes, so that only a real failure reaches it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// An endpoint whose topic has two subscriptions.
fn start() -> ServiceBus {
    start_with(SubscriptionConfig::new(SUBSCRIPTION))
}

fn start_with(subscription: SubscriptionConfig) -> ServiceBus {
    let topic =
        TopicConfig { name: TOPIC.to_owned(), subscriptions: vec![subscription, SubscriptionConfig::new("archive")] };
    ServiceBus::start(Config { topics: vec![topic], ..Config::default() }).unwrap()
}
