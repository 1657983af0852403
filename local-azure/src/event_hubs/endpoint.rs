//! The endpoint as the program that runs it sees it: started, asked what it holds, paused, stopped.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{config::Config, connection, event::StoredEvent, faults::Faults, service::Service};
use crate::amqp::{connections::ConnectionCounts, pausable_server::PausableServer};

/// A running endpoint. Dropping it stops it.
#[derive(Debug)]
pub struct EventHubs {
    service: Arc<Service>,
    server: PausableServer,
}

impl EventHubs {
    /// Listens, and serves on a thread of its own from then on.
    pub fn start(config: Config) -> io::Result<Self> {
        let service = Arc::new(Service::new(config));
        let shared = Arc::clone(&service);
        let server = PausableServer::start("event-hubs", service.config.listen, move |stream| {
            connection::serve(stream, Arc::clone(&shared))
        })?;
        Ok(Self { service, server })
    }

    /// Where it listens; the same after [`EventHubs::pause`] and [`EventHubs::resume`].
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The connection string of a hub, with the flag that makes Microsoft's clients use plain AMQP.
    #[must_use]
    pub fn connection_string(&self, hub: &str) -> String {
        self.service.config.policy().connection_string(self.address(), hub)
    }

    /// Everything that a hub retains, partition by partition in the order of arrival. Empty for an unknown hub.
    #[must_use]
    pub fn events(&self, hub: &str) -> Vec<StoredEvent> {
        self.service.store.hub(hub).map(|hub| hub.events()).unwrap_or_default()
    }

    /// At most `limit` events of one partition from a sequence number on, for those who read a large hub bit by bit.
    #[must_use]
    pub fn read(&self, hub: &str, partition: usize, from: i64, limit: usize) -> Vec<StoredEvent> {
        self.service.store.hub(hub).map(|hub| hub.read(partition, from, limit)).unwrap_or_default()
    }

    /// How many transfers (single events or batches) have arrived for each partition, whatever became of them.
    #[must_use]
    pub fn transfers(&self, hub: &str) -> Vec<u64> {
        self.service.store.hub(hub).map(|hub| hub.transfers()).unwrap_or_default()
    }

    /// How many events a hub has stored so far, those among them that it does not retain any more.
    #[must_use]
    pub fn accepted(&self, hub: &str) -> u64 {
        self.service.store.hub(hub).map_or(0, |hub| hub.accepted())
    }

    /// How many connections there were and are.
    #[must_use]
    pub fn connections(&self) -> ConnectionCounts {
        self.service.connections.counts()
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.server.is_paused()
    }

    /// The switches that make the service misbehave.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.service.faults
    }

    /// Deletes a hub and makes it again with so many partitions: what it held is gone, and its links are closed.
    pub fn make_again(&self, hub: &str, partitions: u32) {
        self.service.store.make_again(hub, partitions);
    }

    /// Gives a hub more partitions, which the service does without a word to anybody.
    pub fn add_partitions(&self, hub: &str, more: u32) {
        self.service.store.add_partitions(hub, more);
    }

    /// Waits until a hub retains at least `count` events and returns them, or what there is when `limit` has passed.
    pub async fn wait_for(&self, hub: &str, count: usize, limit: Duration) -> Result<Vec<StoredEvent>, TooFewEvents> {
        let enough = self.wait_until(limit, |hubs| hubs.retained(hub) >= count).await;
        let events = self.events(hub);
        if enough { Ok(events) } else { Err(TooFewEvents { wanted: count, events }) }
    }

    /// Waits until a condition on this endpoint holds: `false` when `limit` has passed without. The condition is
    /// looked at whenever a transfer, an event or a connection has come or gone.
    pub async fn wait_until(&self, limit: Duration, condition: impl Fn(&Self) -> bool) -> bool {
        let mut changes = self.service.changes.subscribe();
        let met = async {
            while !condition(self) {
                if changes.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        timeout(limit, met).await.unwrap_or(false)
    }

    /// Stops listening and cuts every connection, as if the process had been killed. Contents and faults are kept.
    pub fn pause(&self) {
        self.server.pause();
    }

    /// Listens again, on the same port and with the contents kept. Does nothing when it is not paused.
    pub fn resume(&self) -> io::Result<()> {
        self.server.resume()
    }

    /// Stops for good. The same as dropping it.
    pub fn stop(self) {
        drop(self);
    }

    pub(super) fn hub_names(&self) -> impl Iterator<Item = &str> {
        self.service.config.hubs.iter().map(|hub| hub.name.as_str())
    }

    pub(super) fn retained(&self, hub: &str) -> usize {
        self.service.store.hub(hub).map_or(0, |hub| hub.retained())
    }
}

/// Fewer events than awaited came in time.
#[derive(Debug)]
pub struct TooFewEvents {
    /// How many were awaited.
    pub wanted: usize,
    /// Those that did come.
    pub events: Vec<StoredEvent>,
}

impl std::fmt::Display for TooFewEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} events came in time", self.events.len(), self.wanted)
    }
}

impl std::error::Error for TooFewEvents {}
