//! The way to one partition: a queue, and couriers who bring what is queued to the hub.
//!
//! A courier leaves as soon as there is a job for it and takes all that has queued: no timer, no added latency when it is
//! quiet, large batches when it is busy. Several are under way at once, so that nobody waits for the hub's answer to
//! others; but a twin's jobs are with one courier at a time, so that its history stays in order.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
};

use tokio::{
    sync::mpsc,
    task::{Id, JoinSet},
};

use super::{connection::Connection, courier::Courier, job::Job, patience::Patience};

/// The bytes from which on a courier takes no more jobs: most of what batches can save is saved then, and another courier
/// can be on the way.
const LOAD: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Lane {
    partition_id: Rc<str>,
    queue: mpsc::UnboundedReceiver<Job>,
    connection: Rc<Connection>,
    patience: Rc<RefCell<Patience>>,
    /// Jobs that may leave, in their order.
    pending: VecDeque<Job>,
    /// The twins that are under way, by the hash of their ids, each with the jobs that must not overtake it. Twins that
    /// share a hash wait for one another.
    under_way: HashMap<u64, Vec<Job>>,
    couriers: JoinSet<()>,
    /// Whose jobs each courier has.
    loads: HashMap<Id, HashSet<u64>>,
    most_couriers: usize,
}

impl Lane {
    pub(super) fn new(
        partition_id: String,
        queue: mpsc::UnboundedReceiver<Job>,
        connection: Rc<Connection>,
        most_couriers: usize,
    ) -> Self {
        Self {
            partition_id: partition_id.into(),
            queue,
            connection,
            patience: Rc::default(),
            pending: VecDeque::new(),
            under_way: HashMap::new(),
            couriers: JoinSet::new(),
            loads: HashMap::new(),
            most_couriers,
        }
    }

    /// Works the queue off until it is closed and every job is settled.
    pub(super) async fn run(mut self) {
        let mut open = true;
        while open || !self.couriers.is_empty() {
            tokio::select! {
                job = self.queue.recv(), if open => match job {
                    Some(job) => self.pending.push_back(job),
                    None => open = false,
                },
                Some(returned) = self.couriers.join_next_with_id() => {
                    self.back(returned.map_or_else(|error| error.id(), |(id, ())| id));
                }
            }
            while let Ok(job) = self.queue.try_recv() {
                self.pending.push_back(job);
            }
            while self.couriers.len() < self.most_couriers && self.send_courier() {}
        }
    }

    /// Sends a courier with the first jobs whose twins are not under way. False if there are none.
    fn send_courier(&mut self) -> bool {
        let mut jobs = VecDeque::new();
        let mut twins = HashSet::new();
        let mut bytes = 0;
        while bytes < LOAD
            && let Some(job) = self.pending.pop_front()
        {
            let twin = job.key();
            if job.is_abandoned() {
                continue;
            }
            if let Some(waiting) = self.under_way.get_mut(&twin)
                && !twins.contains(&twin)
            {
                waiting.push(job);
                continue;
            }
            bytes += job.bytes();
            self.under_way.entry(twin).or_default();
            twins.insert(twin);
            jobs.push_back(job);
        }
        if jobs.is_empty() {
            return false;
        }
        let courier = Courier {
            partition_id: Rc::clone(&self.partition_id),
            connection: Rc::clone(&self.connection),
            patience: Rc::clone(&self.patience),
        };
        let id = self.couriers.spawn_local(courier.run(jobs)).id();
        self.loads.insert(id, twins);
        true
    }

    /// A courier is back: what waited for its twins may leave.
    fn back(&mut self, courier: Id) {
        for twin in self.loads.remove(&courier).unwrap_or_default() {
            self.pending.extend(self.under_way.remove(&twin).unwrap_or_default());
        }
    }
}
