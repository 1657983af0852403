//! The explorer at work: it takes in what the reader reads, and serves the page.

use std::{io, net::SocketAddr, sync::Arc};

use parking_lot::RwLock;
use tokio::{
    net::TcpListener,
    sync::{broadcast, watch},
    task::JoinHandle,
};

use crate::{
    api,
    config::Config,
    counters::Counters,
    moment, page, problem,
    raw_records::Origin,
    reader::{self, Event, Events},
    record::{self, Record},
    store::Store,
};

/// How many events are taken in at once.
const AT_ONCE: usize = 256;

/// How many bodies may wait for a subscriber before it misses some.
const SUBSCRIBED: usize = 1024;

/// Why an explorer can't start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can't be had.
    #[error("The explorer can't listen on {address}; choose another port. ({source})")]
    Listen {
        /// The address in question.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The reader can't start.
    #[error("The reader of the event hub can't be started. ({0})")]
    Reader(io::Error),
}

/// A page that is being served. Dropping it ends it.
#[derive(Debug)]
pub struct Explorer {
    address: SocketAddr,
    store: Arc<RwLock<Store>>,
    bodies: broadcast::Sender<Arc<str>>,
    tasks: [JoinHandle<()>; 2],
}

impl Explorer {
    /// Starts to read the hub, from its first event on, and to serve the page.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let refused = |source| Error::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (events, connection) = reader::read(config.event_hubs, config.connection_string).map_err(Error::Reader)?;
        let store = Arc::new(RwLock::new(Store::new(config.limits)));
        let (tick, taken) = watch::channel(());
        let bodies = broadcast::Sender::new(SUBSCRIBED);
        let shared = api::Shared { store: Arc::clone(&store), connection, taken };
        let router = page::router().merge(api::router(shared)).fallback(problem::not_found);
        let taking = tokio::spawn(take(events, Arc::clone(&store), bodies.clone(), tick));
        let serving = tokio::spawn(async move {
            // Serving ends with the process or with this explorer, never by itself.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, store, bodies, tasks: [taking, serving] })
    }

    /// Where the page is served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page's address for a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What was read so far, and what is kept.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.store.read().counters()
    }

    /// The records that are kept as they came, at most so many, newest first.
    #[must_use]
    pub fn newest(&self, count: usize) -> Vec<Arc<str>> {
        self.store.read().raw().newest(None).take(count).map(|record| Arc::clone(&record.text)).collect()
    }

    /// The bodies of events from now on. Who is too slow misses some.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<str>> {
        self.bodies.subscribe()
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Takes events in as they come.
async fn take(
    mut events: Events,
    store: Arc<RwLock<Store>>,
    bodies: broadcast::Sender<Arc<str>>,
    tick: watch::Sender<()>,
) {
    let mut waiting = Vec::with_capacity(AT_ONCE);
    while events.recv_many(&mut waiting, AT_ONCE).await > 0 {
        for event in waiting.drain(..) {
            take_event(&event, &store);
            if bodies.receiver_count() > 0 {
                // Nobody may be left to hear it.
                let _ = bodies.send(event.body.into());
            }
        }
        tick.send_replace(());
        // A long queue must not keep the page waiting.
        tokio::task::yield_now().await;
    }
}

fn take_event(event: &Event, store: &RwLock<Store>) {
    let origin = Origin {
        partition: event.partition.as_str().into(),
        sequence_number: event.sequence_number,
        enqueued: moment::of_system(event.enqueued_time),
    };
    // Read first, so that the store is locked no longer than it must be.
    let records: Vec<_> = record::records(&event.body)
        .into_iter()
        .map(|piece| match piece {
            Ok(text) => (text, Record::read(text)),
            Err(text) => (text, Err(record::Unreadable::NotJson)),
        })
        .collect();
    let mut store = store.write();
    for (text, record) in records {
        store.take(origin.clone(), text, record);
    }
}
