//! The endpoint as the program that runs it sees it: started, asked what it holds, paused, stopped.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use time::OffsetDateTime;
use tokio::time::timeout;

use super::{config::Config, connection, faults::Faults, message::StoredMessage, node::SubQueue, service::Service};
use crate::amqp::{connections::ConnectionCounts, pausable_server::PausableServer};

/// A running endpoint. Dropping it stops it.
#[derive(Debug)]
pub struct ServiceBus {
    service: Arc<Service>,
    server: PausableServer,
}

impl ServiceBus {
    /// Listens, and serves on a thread of its own from then on.
    pub fn start(config: Config) -> io::Result<Self> {
        let service = Arc::new(Service::new(config));
        let shared = Arc::clone(&service);
        let server = PausableServer::start("service-bus", service.config.listen, move |stream| {
            connection::serve(stream, Arc::clone(&shared))
        })?;
        Ok(Self { service, server })
    }

    /// Where it listens; the same after [`ServiceBus::pause`] and [`ServiceBus::resume`].
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The connection string of a topic, with the flag that makes Microsoft's clients use plain AMQP.
    #[must_use]
    pub fn connection_string(&self, topic: &str) -> String {
        self.service.config.policy().connection_string(self.address(), topic)
    }

    /// Everything that a subscription holds, locked or not, in the order in which it is received. Empty for an unknown
    /// one.
    #[must_use]
    pub fn messages(&self, topic: &str, subscription: &str) -> Vec<StoredMessage> {
        self.held(topic, subscription, SubQueue::Active)
    }

    /// Everything that the dead-letter queue of a subscription holds. Empty for an unknown one.
    #[must_use]
    pub fn dead_letters(&self, topic: &str, subscription: &str) -> Vec<StoredMessage> {
        self.held(topic, subscription, SubQueue::DeadLetter)
    }

    fn held(&self, topic: &str, subscription: &str, queue: SubQueue) -> Vec<StoredMessage> {
        let store = &self.service.store;
        store.expire(OffsetDateTime::now_utc());
        store.entity(topic, subscription, queue).map(|entity| entity.messages()).unwrap_or_default()
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

    /// Waits until a condition on this endpoint holds: `false` when `limit` has passed without. The condition is
    /// looked at whenever a message, a lock or a connection has come or gone.
    pub async fn wait_until(&self, limit: Duration, condition: impl Fn(&Self) -> bool) -> bool {
        let mut changes = self.service.changes.subscribe();
        let met = async {
            while !condition(self) {
                tokio::select! {
                    ticked = changes.changed() => if ticked.is_err() {
                        return false;
                    },
                    () = self.service.next_expiry() => {}
                }
            }
            true
        };
        timeout(limit, met).await.unwrap_or(false)
    }

    /// Stops listening and cuts every connection, as if the process had been killed. Contents and faults are kept, and
    /// locks run on.
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
}
