//! A stand-in for an Event Grid topic and its event subscriptions: between the twins that change and the function that
//! is told.
//!
//! ```text
//! the twins' channel ─┐                 ┌─> queue ─> subscriber ─> delivery ─> endpoint
//!                     ├─> topic (event) ┤              │    ^
//! publisher (HTTP) ───┘                 └─> ...        │    └── outcome, retry: again later, from the queue
//!                                                      └─> dead_letter ─> blob
//! ```
//!
//! `topic` takes events from a channel, or from `publisher` as Microsoft's clients send them, and puts each into the
//! `queue` of every subscription that wants it. A `subscriber` first shakes hands with its endpoint (`handshake`), then
//! takes batches from its queue and delivers several at a time. `outcome` judges the answer, `retry` knows when to try
//! again, `dead_letter` writes what nobody will get. Whether the endpoint is the Event Grid trigger of a function or a
//! webhook of any other kind makes a difference to the handshake only.
//!
//! It is faithful where an endpoint, a publisher or a reader of dead letters can tell the difference, to
//! <https://learn.microsoft.com/azure/event-grid/delivery-and-retry>. It differs on purpose: a handshake that fails is
//! repeated instead of failing the creation of the subscription, and what is published meanwhile waits; the memory is
//! bounded, and a full topic takes no more events until there is room, while the real one takes what it has throughput
//! for and keeps it. Keys are not checked. Left out: the handshake by URL, the delay of all deliveries to an endpoint
//! that keeps failing (probation), answers after the time for them is over, and the five minutes that the real one
//! waits before it writes a dead letter. A retried event is delivered in the same words, but perhaps in another batch.

mod config;
mod counts;
mod dead_letter;
mod delivery;
mod endpoint;
mod event;
mod handshake;
mod members;
mod outcome;
mod publisher;
mod queue;
mod retry;
mod schema;
mod subscriber;
mod topic;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    config::{Config, DeadLetters, Error, Limits, Subscription},
    counts::{Snapshot, SubscriptionSnapshot},
    endpoint::Endpoint,
    handshake::Handshake,
    schema::Schema,
};
use self::{subscriber::Subscriber, topic::Topic};

/// A running topic with its subscriptions. Dropping it stops it without waiting for what is in delivery.
#[derive(Debug)]
pub struct EventGrid {
    topic: Arc<Topic>,
    address: Option<SocketAddr>,
    changes: Arc<watch::Sender<()>>,
    tasks: TaskTracker,
    /// No more events are taken, and no more deliveries begun.
    drain: CancellationToken,
    /// What is still in delivery is given up.
    end: CancellationToken,
    stop_grace: Duration,
}

impl EventGrid {
    /// Starts to take events and to shake hands with the endpoints, which need not be there yet.
    pub async fn start(config: Config) -> Result<Self, Error> {
        config.check()?;
        let Config { listen, schema, topic, events, subscriptions, time_scale, limits } = config;
        let (drain, end) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();
        let changes = Arc::new(watch::Sender::new(()));
        let subscribers: Vec<_> = subscriptions
            .into_iter()
            .map(|subscription| {
                let common = subscriber::Common { schema, topic: topic.clone(), time_scale, limits };
                Subscriber::new(subscription, common, Arc::clone(&changes)).map(Arc::new)
            })
            .collect::<Result<_, _>>()?;
        let topic = Arc::new(Topic::new(schema, topic, subscribers, Arc::clone(&changes)));

        let mut address = None;
        if let Some(wanted) = listen {
            let failed = |source| Error::Listen { address: wanted, source };
            let listener = TcpListener::bind(wanted).await.map_err(failed)?;
            address = Some(listener.local_addr().map_err(failed)?);
            let served = publisher::serve(listener, Arc::clone(&topic), drain.clone());
            tasks.spawn(end.clone().run_until_cancelled_owned(served));
        }
        tasks.spawn(Arc::clone(&topic).take(events, drain.clone()));
        for subscriber in topic.subscribers() {
            let running = Arc::clone(subscriber).run(tasks.clone(), end.clone());
            tasks.spawn(drain.clone().run_until_cancelled_owned(running));
        }
        Ok(Self { topic, address, changes, tasks, drain, end, stop_grace: limits.stop })
    }

    /// Where publishers find it: an endpoint as Microsoft's clients take it. `None` if it doesn't listen.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        self.address.map(|address| format!("http://{address}{}", publisher::PATH))
    }

    /// What has happened so far, and what waits.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.topic.snapshot()
    }

    /// Waits until a condition on the counters holds: `false` when `limit` has passed without. It is looked at whenever
    /// an event was taken or a handshake, a delivery or a dead letter has ended.
    pub async fn wait_until(&self, limit: Duration, condition: impl Fn(&Snapshot) -> bool) -> bool {
        let mut changes = self.changes.subscribe();
        let met = async {
            while !condition(&self.snapshot()) {
                if changes.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        timeout(limit, met).await.unwrap_or(false)
    }

    /// Takes no more events, begins no more deliveries, and gives those that are under way [`Limits::stop`] to end.
    ///
    /// Returns how many events were left: still queued, waiting for another attempt, in a delivery that did not end in
    /// time, or in the channel; each counts once for every subscription that has not got it.
    pub async fn stop(self) -> usize {
        self.drain.cancel();
        self.tasks.close();
        let _ = timeout(self.stop_grace, self.tasks.wait()).await;
        let left = self.topic.left();
        self.end.cancel();
        self.tasks.wait().await;
        left
    }
}

impl Drop for EventGrid {
    fn drop(&mut self) {
        self.drain.cancel();
        self.end.cancel();
    }
}
