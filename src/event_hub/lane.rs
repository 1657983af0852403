//! The way to one partition: a queue, and couriers who bring what is queued to the hub.
//!
//! A courier leaves as soon as there is a job for it and takes all that has queued: no timer, no added latency when it is
//! quiet, large batches when it is busy. Several are under way at once, so that nobody waits for the hub's answer to
//! others; but a twin's jobs are with one courier at a time, so that its history stays in order.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque, hash_map::Entry},
    rc::Rc,
};

use tokio::{
    sync::mpsc,
    task::{Id, JoinSet},
};

use super::{client::Pace, connection::Connection, courier::Courier, job::Job, patience::Patience};

#[derive(Debug)]
pub(super) struct Lane {
    partition_id: Rc<str>,
    queue: mpsc::UnboundedReceiver<Job>,
    connection: Rc<Connection>,
    patience: Rc<RefCell<Patience>>,
    /// Jobs that may leave, in their order.
    pending: VecDeque<Job>,
    /// The twins that are under way, by the hash of their ids. Twins that share a hash wait for one another.
    under_way: HashMap<u64, UnderWay>,
    couriers: JoinSet<()>,
    /// Whose jobs each courier has.
    loads: HashMap<Id, Vec<u64>>,
    /// How many couriers have left.
    departures: u64,
    pace: Pace,
}

/// A twin whose jobs are with a courier.
#[derive(Debug)]
struct UnderWay {
    departure: u64,
    /// The jobs that must not overtake those.
    waiting: Vec<Job>,
}

impl Lane {
    pub(super) fn new(
        partition_id: String,
        queue: mpsc::UnboundedReceiver<Job>,
        connection: Rc<Connection>,
        pace: Pace,
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
            departures: 0,
            pace,
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
            while self.may_leave() && self.send_courier() {}
        }
    }

    /// Whether there may be one more courier under way.
    fn may_leave(&self) -> bool {
        let under_way = self.couriers.len();
        under_way < self.pace.batches || under_way < self.pace.full_batches && self.is_load_pending()
    }

    fn is_load_pending(&self) -> bool {
        let mut bytes = 0;
        self.pending.iter().any(|job| {
            bytes += job.bytes();
            bytes >= self.pace.load
        })
    }

    /// Sends a courier with the first jobs whose twins are not under way. False if there are none.
    fn send_courier(&mut self) -> bool {
        let departure = self.departures + 1;
        let (mut jobs, mut twins) = (VecDeque::new(), Vec::new());
        let mut bytes = 0;
        while bytes < self.pace.load
            && let Some(job) = self.pending.pop_front()
        {
            if job.is_abandoned() {
                continue;
            }
            match self.under_way.entry(job.key()) {
                Entry::Occupied(mut other) if other.get().departure != departure => {
                    other.get_mut().waiting.push(job);
                    continue;
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(free) => {
                    twins.push(*free.key());
                    free.insert(UnderWay { departure, waiting: Vec::new() });
                }
            }
            bytes += job.bytes();
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
        self.departures = departure;
        true
    }

    /// A courier is back: what waited for its twins leaves next, because it came before what is pending.
    fn back(&mut self, courier: Id) {
        for twin in self.loads.remove(&courier).unwrap_or_default() {
            if let Some(UnderWay { waiting, .. }) = self.under_way.remove(&twin) {
                waiting.into_iter().rev().for_each(|job| self.pending.push_front(job));
            }
        }
    }
}
