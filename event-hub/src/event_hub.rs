//! The producer as its users have it.

use std::{
    fmt::Debug,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    runtime::{self, Runtime},
    sync::{mpsc, oneshot, watch},
    task::LocalSet,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    amqp::Amqp,
    config::{Client, Config},
    delivery::{Delivery, Report, Waiting},
    error::SendError,
    health::{Health, Status},
    job::Job,
    memory::{Memory, Reserved},
    messages::{Body, Group, Messages},
    scheduler::Scheduler,
    sdk::{self, Sdk},
    shared_connection::SharedConnection,
    transport::Transport,
};

/// What takes groups of records to an event hub. A trait so that what uses it can be tested without a hub.
#[async_trait]
pub trait Producer: Debug + Send + Sync {
    /// Sends what a delivery has and waits until the hub has accepted all of it, or until one group has failed: then the
    /// whole delivery has. Groups of one key stay in their order, in a delivery and over deliveries that are sent one
    /// after the other.
    ///
    /// At `deadline` the error is that of the last attempt. What is not on its way by then, or when the future is
    /// dropped, is taken back. `memory` is kept until nothing of the delivery is in memory any more.
    async fn send(&self, delivery: Vec<Group>, memory: Reserved, deadline: Instant) -> Report;

    /// The bound of the memory that deliveries share.
    fn memory(&self) -> &Memory;

    /// What is known of the hub now.
    fn status(&self) -> Status;
}

/// An event hub. Connects in the background and for as long as it takes.
///
/// What speaks with the hub lives on a thread of its own with a single-threaded runtime.
#[derive(Debug)]
pub struct EventHub {
    /// The jobs of each delivery.
    intake: mpsc::UnboundedSender<Vec<Job>>,
    body: Body,
    memory: Memory,
    status: watch::Receiver<Status>,
    stopped: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

/// Why the hub's thread could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The layer of the log that shows what the SDK hides is not in place.
    #[error(
        "The outcomes of the Azure SDK can't be seen: add the layer of event_hub_producer::not_accepted_layer to the log before starting the event hub."
    )]
    OutcomesHidden,
    /// The system gave no thread.
    #[error("The thread of the event hub could not be started: {0}.")]
    Thread(#[from] std::io::Error),
}

impl EventHub {
    /// Starts the hub's thread, which connects at once.
    pub fn start(config: Config, memory: Memory) -> Result<Self, StartError> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (body, name) = (config.body, config.name.clone());
        let (intake, jobs) = mpsc::unbounded_channel();
        let (status_sender, status) = watch::channel(Status::Connecting);
        let (stopped_sender, stopped) = oneshot::channel();
        let health = Health::new(name, status_sender);
        let run: Box<dyn FnOnce() + Send> = match config.client {
            Client::Amqp => Box::new(move || run(&runtime, Amqp(config), health, jobs)),
            Client::Sdk if sdk::is_watched() => Box::new(move || run(&runtime, Sdk(config), health, jobs)),
            Client::Sdk => return Err(StartError::OutcomesHidden),
        };
        let thread = thread::Builder::new().name("event-hub".to_owned()).spawn(move || {
            run();
            let _ = stopped_sender.send(());
        })?;
        Ok(Self { intake, body, memory, status, stopped, thread })
    }

    /// Sends what is queued and closes the connection, within `grace`. Answers whether it could.
    pub async fn close(self, grace: Duration) -> bool {
        drop(self.intake);
        timeout(grace, self.stopped).await.is_ok() && self.thread.join().is_ok()
    }
}

fn run(runtime: &Runtime, transport: impl Transport, health: Health, jobs: mpsc::UnboundedReceiver<Vec<Job>>) {
    LocalSet::new().block_on(runtime, Scheduler::new(SharedConnection::new(transport, health)).run(jobs));
}

#[async_trait]
impl Producer for EventHub {
    async fn send(&self, delivery: Vec<Group>, memory: Reserved, deadline: Instant) -> Report {
        let groups = delivery.len();
        if groups == 0 {
            return Report { groups: Vec::new(), error: None };
        }
        let waiting = Waiting(Arc::new(Delivery::new(groups, memory)));
        let messages = delivery.into_iter().map(|group| Messages::new(group, self.body)).enumerate();
        let jobs = messages.map(|(index, messages)| Job::new(messages, index, &waiting.0)).collect();
        if self.intake.send(jobs).is_err() {
            return Report::unsent(groups, SendError::Stopped);
        }
        match timeout_at(deadline, waiting.settled()).await {
            Ok(report) => report,
            Err(_) => waiting.out_of_time(),
        }
    }

    fn memory(&self) -> &Memory {
        &self.memory
    }

    fn status(&self) -> Status {
        self.status.borrow().clone()
    }
}
