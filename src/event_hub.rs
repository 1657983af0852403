//! The guarded way into the event hub: the last step of the flow.
//!
//! What speaks with the hub lives on a thread of its own with a single-threaded runtime, and the rest of the program talks
//! to it through channels:
//!
//! ```text
//! EventHub::send -> dispatcher -> lane of the twin's partition -> courier -> client -> hub
//!       ^                                                                              |
//!       +------------------------- delivery: accepted, or why not <--------------------+
//! ```
//!
//! The producer is the bridge's own ([`amqp`]) or Microsoft's ([`sdk`]); `docs/decisions.md`, 2 and 10, says why there are
//! two, and what neither is trusted with.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime,
    sync::{Semaphore, mpsc, oneshot, watch},
    task::LocalSet,
    time::{Instant, timeout, timeout_at},
};

use crate::settings::{EventHubSettings, ProducerKind};

mod amqp;
mod backoff;
mod client;
mod connection;
mod courier;
mod credential;
mod delivery;
mod dispatcher;
mod health;
mod job;
mod lane;
mod message;
mod partition_key;
mod patience;
mod sdk;
mod send_error;
mod shared_access;
mod token;

use delivery::{Delivery, Waiting};
use job::Job;
pub use message::{Body, Entry, Messages};
pub use sdk::not_accepted_layer;
pub use send_error::SendError;

/// The bytes of records that may wait for the hub. Past it, deliveries wait inside their budget.
const ROOM: u32 = 64 * 1024 * 1024;

/// What is known of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Not reached yet.
    Connecting,
    /// The last thing that was asked of it went well.
    Ready,
    /// The last thing that was asked of it failed.
    Failing(SendError),
}

/// The event hub. Connects in the background and for as long as it takes.
#[derive(Debug)]
pub struct EventHub {
    /// The jobs of each delivery.
    intake: mpsc::UnboundedSender<Vec<Job>>,
    room: Arc<Semaphore>,
    status: watch::Receiver<Status>,
    stopped: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

/// Why the hub's thread could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The logging that shows what the SDK hides is not in place.
    #[error("The event hub's outcomes can't be seen: start logging (logging::start) before the event hub.")]
    OutcomesHidden,
    /// The system gave no thread.
    #[error("The thread of the event hub could not be started: {0}.")]
    Thread(#[from] std::io::Error),
}

impl EventHub {
    /// Starts the hub's thread, which connects at once.
    pub fn start(settings: EventHubSettings) -> Result<Self, StartError> {
        if settings.producer == ProducerKind::Sdk && !sdk::is_watched() {
            return Err(StartError::OutcomesHidden);
        }
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (intake, jobs) = mpsc::unbounded_channel();
        let (status_sender, status) = watch::channel(Status::Connecting);
        let (stopped_sender, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("event-hub".to_owned()).spawn(move || {
            LocalSet::new().block_on(&runtime, dispatcher::run(settings, jobs, status_sender));
            let _ = stopped_sender.send(());
        })?;
        Ok(Self { intake, room: Arc::new(Semaphore::new(ROOM as usize)), status, stopped, thread })
    }

    /// Sends what a delivery has, in its order, and waits until the hub has accepted all of it. Answers which of the
    /// messages are larger than the hub takes, by their places in the list.
    ///
    /// At `deadline` the error is that of the last attempt. What is not on its way by then, or when the future is dropped,
    /// is taken back.
    pub async fn send(&self, delivery: Vec<Messages>, deadline: Instant) -> Result<Vec<usize>, SendError> {
        if delivery.is_empty() {
            return Ok(Vec::new());
        }
        let bytes = u32::try_from(delivery.iter().map(Messages::bytes).sum::<usize>()).unwrap_or(ROOM).min(ROOM);
        let room = match timeout_at(deadline, Arc::clone(&self.room).acquire_many_owned(bytes)).await {
            Ok(room) => room.map_err(|_| SendError::Stopped)?,
            Err(_) => match self.status() {
                Status::Failing(error) => return Err(error),
                Status::Connecting | Status::Ready => return Err(SendError::NoAnswer),
            },
        };
        let waiting = Waiting(Arc::new(Delivery::new(delivery.len(), room)));
        let jobs = delivery.into_iter().enumerate();
        let jobs = jobs.map(|(index, messages)| Job::new(messages, index, &waiting.0)).collect();
        self.intake.send(jobs).map_err(|_| SendError::Stopped)?;
        match timeout_at(deadline, waiting.settled()).await {
            Ok(settled) => settled,
            Err(_) => Err(waiting.last_error().unwrap_or(SendError::NoAnswer)),
        }
    }

    /// What is known of the hub now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Sends what is queued and closes the connection, within `grace`. Answers whether it could.
    pub async fn close(self, grace: Duration) -> bool {
        drop(self.intake);
        timeout(grace, self.stopped).await.is_ok() && self.thread.join().is_ok()
    }
}
