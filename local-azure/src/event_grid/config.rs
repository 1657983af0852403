//! What a topic is started with.

use std::{collections::BTreeSet, io, net::SocketAddr, time::Duration};

use reqwest::Url;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Endpoint, Schema};
use crate::functions_host::{InvalidConnectionString, Storage};

/// A topic and its subscriptions.
#[derive(Debug)]
pub struct Config {
    /// Where publishers can post events; port 0 takes a free one. `None`: nowhere.
    pub listen: Option<SocketAddr>,
    /// The schema of the events, as they are published and as they are delivered.
    pub schema: Schema,
    /// The topic's id, which events in Event Grid's schema get as their `topic` if they have none.
    pub topic: String,
    /// Events that arise in this process. What is not in the topic's schema is counted and thrown away.
    pub events: mpsc::Receiver<Value>,
    /// Who gets the events.
    pub subscriptions: Vec<Subscription>,
    /// What to multiply the time to live and the times between attempts with; 1 is as in Azure. The time that an
    /// endpoint has for its answer is not scaled.
    pub time_scale: f64,
    /// How much at once.
    pub limits: Limits,
}

impl Config {
    /// A topic that doesn't listen and has no subscriptions yet.
    #[must_use]
    pub fn new(schema: Schema, events: mpsc::Receiver<Value>) -> Self {
        Self {
            listen: None,
            schema,
            topic: "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/\
                    Microsoft.EventGrid/topics/twins"
                .to_owned(),
            events,
            subscriptions: Vec::new(),
            time_scale: 1.0,
            limits: Limits::default(),
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if !self.time_scale.is_finite() || self.time_scale <= 0.0 {
            return Err(Error::TimeScale(self.time_scale));
        }
        let mut names = BTreeSet::new();
        for subscription in &self.subscriptions {
            let name = subscription.name.clone();
            let problem = if names.insert(name.to_uppercase()) {
                subscription.problem()
            } else {
                Some("its name must differ from those of the other subscriptions")
            };
            if let Some(problem) = problem {
                return Err(Error::Subscription { name, problem });
            }
        }
        Ok(())
    }
}

/// An event subscription. The limits are Event Grid's.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Its name: 3 to 64 letters, digits and hyphens.
    pub name: String,
    /// Where its events go; the URL begins with `http://`, as it is for loopback.
    pub endpoint: Endpoint,
    /// At most so many events in a delivery, 1 to 5,000. Event Grid never waits for more to come.
    pub max_events_per_batch: usize,
    /// How large a delivery may be, 1 to 1,024 KB; a single event may be larger.
    pub preferred_batch_size_kb: usize,
    /// After so many attempts an event is given up, 1 to 30.
    pub max_delivery_attempts: u32,
    /// An event this old is not tried again, one minute to a day (scaled).
    pub time_to_live: Duration,
    /// Only events of these types, compared without regard to case. `None`: all.
    pub included_event_types: Option<Vec<String>>,
    /// Where events go that are given up. `None`: they are dropped.
    pub dead_letters: Option<DeadLetters>,
}

impl Subscription {
    /// A subscription of a function with an Event Grid trigger, as Azure creates it when nothing else is said.
    #[must_use]
    pub fn new(name: &str, url: impl Into<String>) -> Self {
        Self::to(name, Endpoint::AzureFunction(url.into()))
    }

    /// A subscription as Azure creates it when nothing else is said.
    #[must_use]
    pub fn to(name: &str, endpoint: Endpoint) -> Self {
        Self {
            name: name.to_owned(),
            endpoint,
            max_events_per_batch: 1,
            preferred_batch_size_kb: 64,
            max_delivery_attempts: 30,
            time_to_live: Duration::from_secs(24 * 3600),
            included_event_types: None,
            dead_letters: None,
        }
    }

    pub(super) fn batched(&self) -> bool {
        self.max_events_per_batch > 1
    }

    fn problem(&self) -> Option<&'static str> {
        let well_named = self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let minute_to_day = Duration::from_secs(60)..=Duration::from_secs(24 * 3600);
        if !well_named || !(3..=64).contains(&self.name.len()) {
            Some("its name must be 3 to 64 letters, digits and hyphens")
        } else if !Url::parse(self.endpoint.url()).is_ok_and(|url| url.scheme() == "http" && url.has_host()) {
            Some("its endpoint must be an http:// URL")
        } else if !(1..=5000).contains(&self.max_events_per_batch) {
            Some("max_events_per_batch must be 1 to 5000")
        } else if !(1..=1024).contains(&self.preferred_batch_size_kb) {
            Some("preferred_batch_size_kb must be 1 to 1024")
        } else if !(1..=30).contains(&self.max_delivery_attempts) {
            Some("max_delivery_attempts must be 1 to 30")
        } else if !minute_to_day.contains(&self.time_to_live) {
            Some("time_to_live must be one minute to 24 hours")
        } else {
            None
        }
    }
}

/// A container for dead letters.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    /// A folder or a storage emulator.
    pub storage: Storage,
    /// The container's name; it is created when it is needed.
    pub container: String,
}

/// How much a topic does at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// At most so many events wait in a subscription or are in its deliveries. When one subscription is full, the whole
    /// topic takes no more events until there is room; the real one never does that.
    pub waiting: usize,
    /// At most so many deliveries of a subscription run at a time.
    pub parallel_deliveries: usize,
    /// How long an endpoint has for its answer, which is 30 seconds in Azure.
    pub answer: Duration,
    /// How long [`EventGrid::stop`](super::EventGrid::stop) waits for running deliveries.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { waiting: 20_000, parallel_deliveries: 16, answer: Duration::from_secs(30), stop: Duration::from_secs(5) }
    }
}

/// The topic could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It can't listen where it should.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// Where it should.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A subscription is not as it must be.
    #[error("event subscription {name:?}: {problem}")]
    Subscription {
        /// Its name.
        name: String,
        /// What to do.
        problem: &'static str,
    },
    /// The storage for dead letters can't be used.
    #[error(transparent)]
    Storage(#[from] InvalidConnectionString),
    /// Times can't be scaled like that.
    #[error("the time scale must be a number above 0, not {0}")]
    TimeScale(f64),
    /// There is no HTTP client.
    #[error("can't make an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}
