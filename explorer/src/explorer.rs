//! The explorer at work: it takes in what the reader reads, and serves the page.

use std::{io, net::SocketAddr, sync::Arc};

use parking_lot::RwLock;
use tokio::{
    net::TcpListener,
    sync::{broadcast, watch},
    task::JoinHandle,
};

use crate::{
    admission::Admission,
    api,
    config::Config,
    consumer::{Consumer, Event},
    counters::Counters,
    page, problem,
    progress::{Connection, Progress},
    raw_records::Origin,
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
    /// Everybody could see everything.
    #[error(
        "The explorer does not listen on {0} without knowing who asks: whoever reached it would see all that is in the hub. Give it a token (--token, EXPLORER_TOKEN), let App Service authenticate (WEBSITE_AUTH_ENABLED=True), or listen on 127.0.0.1."
    )]
    Unguarded(SocketAddr),
}

/// A page that is being served. Dropping it ends it.
#[derive(Debug)]
pub struct Explorer {
    address: SocketAddr,
    store: Arc<RwLock<Store>>,
    bodies: broadcast::Sender<Arc<str>>,
    progress: Arc<watch::Sender<Progress>>,
    tasks: [JoinHandle<()>; 2],
}

impl Explorer {
    /// Starts to read the hub, and to serve the page. It need not be there yet.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let is_open = !config.listen.ip().is_loopback() && config.admission == Admission::default();
        if is_open {
            return Err(Error::Unguarded(config.listen));
        }
        let refused = |source| Error::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let progress = Arc::new(watch::Sender::new(Progress::default()));
        let consumer = Consumer::start(config.source, Arc::clone(&progress));
        let store = Arc::new(RwLock::new(Store::new(config.limits)));
        let (tick, taken) = watch::channel(());
        let bodies = broadcast::Sender::new(SUBSCRIBED);
        let shared = api::Shared { store: Arc::clone(&store), progress: progress.subscribe(), taken };
        let router = page::router().merge(api::router(shared)).fallback(problem::not_found);
        let router = config.admission.guard(router, address.ip().is_loopback());
        let taking =
            Taking { store: Arc::clone(&store), bodies: bodies.clone(), progress: Arc::clone(&progress), tick };
        let taking = tokio::spawn(taking.take(consumer));
        let serving = tokio::spawn(async move {
            // Serving ends with the process or with this explorer, never by itself.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, store, bodies, progress, tasks: [taking, serving] })
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

    /// How many events the hub still has for us; `None` while that is not known.
    #[must_use]
    pub fn behind(&self) -> Option<u64> {
        self.progress.borrow().behind()
    }

    /// Why nothing comes, or not from every partition, and what to do: a sentence.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let progress = self.progress.borrow();
        let of_partitions = || progress.partitions.iter().find_map(|standing| standing.problem.as_deref());
        progress.reason().or_else(of_partitions).map(str::to_owned)
    }

    /// Whether the hub has been reached.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.progress.borrow().connection == Connection::Reading
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

/// What takes events in as they come.
struct Taking {
    store: Arc<RwLock<Store>>,
    bodies: broadcast::Sender<Arc<str>>,
    progress: Arc<watch::Sender<Progress>>,
    tick: watch::Sender<()>,
}

impl Taking {
    async fn take(self, mut consumer: Consumer) {
        let mut waiting = Vec::with_capacity(AT_ONCE);
        while consumer.events.recv_many(&mut waiting, AT_ONCE).await > 0 {
            for event in waiting.drain(..) {
                take_event(&event, &self.store);
                self.progress.send_modify(|progress| note(progress, &event));
                if self.bodies.receiver_count() > 0 {
                    // Nobody may be left to hear it.
                    let _ = self.bodies.send(event.body.into());
                }
            }
            self.tick.send_replace(());
            // A long queue must not keep the page waiting.
            tokio::task::yield_now().await;
        }
    }
}

/// Notes that an event was taken in, and not before: a position is one that was read.
fn note(progress: &mut Progress, event: &Event) {
    if let Some(standing) = progress.partition(&event.partition) {
        standing.read(event.sequence_number, event.enqueued);
        event.last.into_iter().for_each(|last| standing.ends_at(last));
    }
}

fn take_event(event: &Event, store: &RwLock<Store>) {
    let origin = Origin {
        partition: Arc::clone(&event.partition),
        sequence_number: event.sequence_number,
        enqueued: event.enqueued,
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
