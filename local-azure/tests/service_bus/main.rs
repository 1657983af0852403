//! The Service Bus endpoint as its clients see it: Microsoft's for .NET, Python and JavaScript, which nobody here wrote,
//! and a bare AMQP client for what those hide.

// clippy.toml excepts test functions, but not the functions they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

/// Makes tests of functions that take a client's language.
macro_rules! with_each_client {
    ($($test:ident),* $(,)?) => {
        mod python {
            $(#[tokio::test]
            async fn $test() {
                super::$test(crate::language::Language::Python).await;
            })*
        }
        mod javascript {
            $(#[tokio::test]
            async fn $test() {
                super::$test(crate::language::Language::JavaScript).await;
            })*
        }
    };
}

#[path = "../shared/amqp.rs"]
mod amqp;
#[path = "../shared/azure_dotnet.rs"]
mod azure_dotnet;
mod dotnet;
#[path = "../shared/language.rs"]
mod language;
mod links;
mod locks;
mod raw;
mod receiving;
mod refusals;
mod script;
mod sending;
#[path = "../shared/skipped.rs"]
mod skipped;

use std::time::Duration;

use local_azure::service_bus::{Config, ServiceBus, StoredMessage, SubscriptionConfig, TopicConfig};

/// The topic that all tests use.
const TOPIC: &str = "twins";

/// The subscription that most tests receive from.
const SUBSCRIPTION: &str = "bridge";

/// The other one.
const ARCHIVE: &str = "archive";

/// Far longer than anything here takes, so that only a real failure reaches it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An endpoint whose topic has two subscriptions.
fn start() -> ServiceBus {
    start_with(SubscriptionConfig::new(SUBSCRIPTION))
}

/// An endpoint where locks are short.
fn start_with_short_locks() -> ServiceBus {
    start_with(SubscriptionConfig {
        lock_duration: Duration::from_millis(300),
        ..SubscriptionConfig::new(SUBSCRIPTION)
    })
}

fn start_with(subscription: SubscriptionConfig) -> ServiceBus {
    let subscriptions = vec![subscription, SubscriptionConfig::new(ARCHIVE)];
    let topic = TopicConfig { name: TOPIC.to_owned(), subscriptions };
    ServiceBus::start(Config { topics: vec![topic], ..Config::default() }).unwrap()
}

/// What the subscription holds.
fn held(bus: &ServiceBus) -> Vec<StoredMessage> {
    bus.messages(TOPIC, SUBSCRIPTION)
}

/// What its dead-letter queue holds.
fn dead(bus: &ServiceBus) -> Vec<StoredMessage> {
    bus.dead_letters(TOPIC, SUBSCRIPTION)
}
