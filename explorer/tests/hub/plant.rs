//! A hub, what fills it, and an explorer in this process that reads it.

use std::{fmt::Write as _, time::Duration};

use event_hub_producer::{
    Access, Body, Client, Config as Hub, ConnectionString, Entry, EventHub, Group, Memory, Outcome, Producer,
};
use explorer::{Admission, Config, Explorer, Limits, Source};
use local_azure::event_hubs::{self, EventHubs, HubConfig};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::TIMEOUT;

pub(crate) const HUB: &str = "twins";

/// The group that the hub has beside `$Default`.
pub(crate) const GROUP: &str = "explorer";

/// A hub and its producer.
pub(crate) struct Plant {
    pub(crate) hubs: EventHubs,
    producer: EventHub,
}

impl Plant {
    pub(crate) fn start() -> Self {
        let hub = HubConfig { consumer_groups: vec![GROUP.to_owned()], ..HubConfig::new(HUB, 4) };
        let hubs = EventHubs::start(event_hubs::Config { hubs: vec![hub], ..event_hubs::Config::default() }).unwrap();
        let access = Access::ConnectionString(ConnectionString::parse(&hubs.connection_string(HUB)).unwrap());
        let config = Hub { name: HUB.to_owned(), access, body: Body::Lines, client: Client::Amqp };
        Self { hubs, producer: EventHub::start(config, Memory::new(64 << 20)).unwrap() }
    }

    /// Sends a change of each of these twins at each of these seconds, an event for each twin.
    pub(crate) async fn send(&self, twins: usize, seconds: std::ops::Range<usize>) {
        let groups: Vec<_> = (0..twins).map(|twin| group(twin, seconds.clone())).collect();
        let memory = self.producer.memory().reserve(groups.iter().map(Group::bytes).sum()).await;
        let report = self.producer.send(groups, memory, Instant::now() + TIMEOUT).await;
        assert!(report.groups.iter().all(|outcome| *outcome == Outcome::Stored), "{report:?}");
    }

    pub(crate) fn source(&self) -> Source {
        Source::of_connection_string(&self.hubs.connection_string(HUB)).unwrap()
    }

    /// An explorer that reads this hub.
    pub(crate) async fn explorer(&self) -> Explorer {
        explore(self.source()).await
    }
}

/// An explorer in this process.
pub(crate) async fn explore(source: Source) -> Explorer {
    let listen = ([127, 0, 0, 1], 0).into();
    let config = Config { listen, admission: Admission::default(), source, limits: Limits::default() };
    Explorer::start(config).await.unwrap()
}

fn group(twin: usize, seconds: std::ops::Range<usize>) -> Group {
    let (mut text, mut entries) = (String::new(), Vec::new());
    for second in seconds.clone() {
        let _ = write!(
            text,
            r#"{{"TimeStamp":"2026-01-01T{:02}:{:02}:{:02}.0000000Z","Id":"Step{twin}","Key":"Force","Value":{second},"Action":"Update","EventId":"{twin}-{second}"}}"#,
            second / 3_600,
            second / 60 % 60,
            second % 60,
        );
        entries.push(Entry { end: text.len(), table: None });
    }
    let id = format!("{twin} {}", seconds.start);
    Group { key: format!("Step{twin}"), id, traceparent: None, text: text.into_bytes(), entries }
}

/// Waits until something is so. It is looked at often: nothing here takes long.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TIMEOUT, waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

/// Waits until the explorer has so many records and the hub no more for it.
pub(crate) async fn has_read(explorer: &Explorer, records: u64) {
    let done = || explorer.counters().records >= records && explorer.behind() == Some(0);
    let waiting = async {
        while !done() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let state = || format!("{:?} {:?} {:?}", explorer.counters(), explorer.behind(), explorer.problem());
    timeout(TIMEOUT, waiting).await.unwrap_or_else(|_| panic!("not {records}: {}", state()));
    let counters = explorer.counters();
    assert_eq!(counters.records, records, "{counters:?}");
}

/// Waits until the explorer says that something is wrong that has these words in it.
pub(crate) async fn says(explorer: &Explorer, words: &str) {
    let waiting = async {
        while !explorer.problem().is_some_and(|problem| problem.contains(words)) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TIMEOUT, waiting).await.unwrap_or_else(|_| panic!("not {words}: {:?}", explorer.problem()));
}

/// A document of the API.
pub(crate) async fn json(url: &str, path: &str) -> Value {
    let answer = timeout(TIMEOUT, reqwest::get(format!("{url}{path}"))).await.unwrap().unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}
