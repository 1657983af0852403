//! The producer over a hub that is played: time is paused, and every failure comes when the test says so.

mod failures;
mod fake;
mod order;
mod partitions;

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use fake::Fake;
use tokio::{
    sync::{mpsc, watch},
    task::{JoinHandle, LocalSet, spawn_local},
    time::{Instant, timeout_at},
};

use crate::{
    delivery::{Delivery, Outcome, Report, Waiting},
    health::{Health, Status},
    job::Job,
    memory::Memory,
    messages::{Body, Entry, Group, Messages},
    partition_key,
    scheduler::Scheduler,
    shared_connection::SharedConnection,
};

/// A producer that sends to the fake.
struct Producer {
    intake: RefCell<Option<mpsc::UnboundedSender<Vec<Job>>>>,
    status: watch::Receiver<Status>,
    running: JoinHandle<()>,
    memory: Memory,
}

impl Producer {
    fn start(hub: &Fake) -> Rc<Self> {
        let (intake, jobs) = mpsc::unbounded_channel();
        let (sender, status) = watch::channel(Status::Connecting);
        let connection = SharedConnection::new(hub.clone(), Health::new("hub".to_owned(), sender));
        let running = spawn_local(Scheduler::new(connection).run(jobs));
        let (intake, memory) = (RefCell::new(Some(intake)), Memory::new(1 << 20));
        Rc::new(Self { intake, status, running, memory })
    }

    /// As [`EventHub`](crate::EventHub) does it.
    async fn send(&self, groups: Vec<Group>, within: Duration) -> Report {
        let deadline = Instant::now() + within;
        let memory = self.memory.reserve(groups.iter().map(Group::bytes).sum()).await;
        let waiting = Waiting(Arc::new(Delivery::new(groups.len(), memory)));
        let jobs = groups.into_iter().enumerate();
        let jobs = jobs.map(|(index, group)| Job::new(Messages::new(group, Body::Record), index, &waiting.0)).collect();
        self.intake.borrow().as_ref().unwrap().send(jobs).unwrap();
        match timeout_at(deadline, waiting.settled()).await {
            Ok(report) => report,
            Err(_) => waiting.out_of_time(),
        }
    }

    /// Sends one delivery in the background.
    fn spawn(self: &Rc<Self>, groups: Vec<Group>) -> JoinHandle<Report> {
        let producer = Rc::clone(self);
        spawn_local(async move { producer.send(groups, BUDGET).await })
    }

    async fn send_now(&self, groups: Vec<Group>) {
        assert_stored(&self.send(groups, BUDGET).await);
    }

    fn status(&self) -> Status {
        self.status.borrow().clone()
    }
}

/// What a delivery has in production.
const BUDGET: Duration = Duration::from_secs(25);

/// A group with one record, which is its id.
fn group(key: &str, id: &str) -> Group {
    sized(key, id, id.len())
}

/// A group with one record of so many bytes.
fn sized(key: &str, id: &str, bytes: usize) -> Group {
    let entries = vec![Entry { end: bytes, table: None }];
    Group { key: key.to_owned(), id: id.to_owned(), traceparent: None, text: vec![b'1'; bytes], entries }
}

/// A key of each partition of so many.
fn key_of(partition: usize, partitions: usize) -> String {
    let keys = (0..).map(|number| format!("key{number}"));
    let is_of = |key: &String| partition_key::partition(partition_key::hash(key), partitions) == Some(partition);
    keys.into_iter().find(is_of).unwrap()
}

fn assert_stored(report: &Report) {
    assert!(report.groups.iter().all(|outcome| *outcome == Outcome::Stored), "{report:?}");
    assert_eq!(report.error, None);
}

/// Runs a test with paused time on one thread, as the producer runs.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, test)
}

/// Lets everything run that can run without time passing.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
