//! The queue between Azure Digital Twins and the hosts: a hub or a topic, which nothing happens to.

use std::{collections::BTreeMap, time::Duration};

use fastrand::Rng;
use local_azure::{
    event_hubs::{self, EventHubs, HubConfig},
    publisher::{Message, Publisher},
    service_bus::{self, ServiceBus, SubscriptionConfig, TopicConfig},
};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use crate::{
    ledger::{Delivery, Ledger},
    notifications::Generator,
    report::Counts,
    way::Way,
};

const NAME: &str = "adt";
const SUBSCRIPTION: &str = "bridge";

/// Longer than what a batch is tried for.
const LOCK: Duration = Duration::from_secs(10);

/// A queue, and what was put into it.
#[derive(Debug)]
pub struct Queue {
    service: Service,
    sent: Mutex<Vec<Delivery>>,
}

#[derive(Debug)]
enum Service {
    Hub(EventHubs),
    Topic(ServiceBus),
}

impl Queue {
    pub fn start(way: Way) -> Self {
        let service = if way == Way::EventHub {
            let hubs = vec![HubConfig::new(NAME, 4)];
            let config = event_hubs::Config { hubs, retention_bytes: 1 << 30, ..event_hubs::Config::default() };
            Service::Hub(EventHubs::start(config).unwrap())
        } else {
            let subscription = SubscriptionConfig {
                lock_duration: LOCK,
                max_delivery_count: 400,
                ..SubscriptionConfig::new(SUBSCRIPTION)
            };
            let topic = TopicConfig { name: NAME.to_owned(), subscriptions: vec![subscription] };
            let config = service_bus::Config { topics: vec![topic], ..service_bus::Config::default() };
            Service::Topic(ServiceBus::start(config).unwrap())
        };
        Self { service, sent: Mutex::default() }
    }

    fn connection_string(&self) -> String {
        match &self.service {
            Service::Hub(hubs) => hubs.connection_string(NAME),
            Service::Topic(bus) => bus.connection_string(NAME),
        }
    }

    /// The app settings of the function that reads it.
    pub fn settings(&self) -> Vec<(String, String)> {
        let settings = match &self.service {
            Service::Hub(_) => [
                ("SOURCE_EVENT_HUB", self.connection_string()),
                ("SOURCE_EVENT_HUB_NAME", NAME.to_owned()),
                ("SOURCE_EVENT_HUB_CONSUMER_GROUP", "$Default".to_owned()),
            ],
            Service::Topic(_) => [
                ("SOURCE_SERVICE_BUS", self.connection_string()),
                ("SOURCE_SERVICE_BUS_TOPIC", NAME.to_owned()),
                ("SOURCE_SERVICE_BUS_SUBSCRIPTION", SUBSCRIPTION.to_owned()),
            ],
        };
        settings.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Puts the notifications of a sender's twins into it until it is enough.
    pub async fn fill(&self, number: usize, rng: Rng, ledger: &Ledger, counts: &Counts, enough: &CancellationToken) {
        let mut generator = Generator::new(number, true, rng);
        let mut publisher = Publisher::open(&self.connection_string()).await.unwrap();
        while !enough.is_cancelled() {
            let delivery = ledger.next_delivery(&mut generator);
            counts.delivery();
            for event in delivery.events() {
                publisher.publish(&message(event)).await.unwrap();
            }
            self.sent.lock().push(delivery);
        }
    }

    /// Whether all of it has been taken, going by the last checkpoint of each partition.
    pub fn is_drained(&self, checkpoints: &BTreeMap<String, i64>) -> bool {
        match &self.service {
            Service::Hub(hubs) => (0_i64..).zip(hubs.transfers(NAME)).all(|(partition, transfers)| {
                let last = checkpoints.get(&partition.to_string()).copied().unwrap_or(-1);
                last + 1 >= i64::try_from(transfers).unwrap()
            }),
            Service::Topic(bus) => bus.messages(NAME, SUBSCRIPTION).is_empty(),
        }
    }

    /// How many messages were given up by the service.
    pub fn given_up(&self) -> usize {
        match &self.service {
            Service::Hub(_) => 0,
            Service::Topic(bus) => bus.dead_letters(NAME, SUBSCRIPTION).len(),
        }
    }

    /// What was put into it.
    pub fn into_sent(self) -> Vec<Delivery> {
        self.sent.into_inner()
    }
}

/// A `CloudEvent` as Azure Digital Twins sends it.
fn message(event: &str) -> Message {
    let mut event: BTreeMap<&str, &RawValue> = serde_json::from_str(event).unwrap();
    // As it is, to the last digit.
    let body = event.remove("data").unwrap().get().as_bytes().to_vec();
    event.remove("datacontenttype");
    let event = event.into_iter().map(|(name, value)| (name, serde_json::from_str(value.get()).unwrap()));
    let event: BTreeMap<&str, String> = event.collect();
    let subject = event.get("subject").or(event.get("source")).map_or("", String::as_str);
    // Of a relationship, the twin that it goes out from; of telemetry, the twin that its source ends with.
    let twin = subject.split("/relationships/").next().unwrap_or_default();
    let twin = twin.rsplit_once("/digitaltwins/").map_or(twin, |(_, twin)| twin).to_owned();
    let properties = event.into_iter().map(|(name, value)| (format!("cloudEvents:{name}"), value)).collect();
    Message { properties, body, partition_key: Some(twin) }
}
