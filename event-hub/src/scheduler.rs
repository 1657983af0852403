//! Brings each job to the queue of its key's partition, starts what may start, and follows the hub's partitions.
//!
//! A key's partition is the service's own hash over the partitions that the hub has now. When they change, what is
//! pending moves at once, but of a key that is in flight nothing moves before that batch has come to its end.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    rc::Rc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::{Id, JoinSet},
    time::{Instant, sleep},
};

use crate::{
    backoff::Backoff,
    error::SendError,
    job::Job,
    keys::{BatchKeys, Keys},
    partition_key,
    queue::Queue,
    sending::Sending,
    shared_connection::SharedConnection,
    transport::Transport,
};

/// How old the list of partitions may be when something is sent.
const PARTITIONS_GOOD_FOR: Duration = Duration::from_secs(2 * 60);

pub(crate) struct Scheduler<T: Transport> {
    connection: Rc<SharedConnection<T>>,
    partition_ids: watch::Receiver<Vec<String>>,
    partitions_read: Instant,
    /// Whether a task reads them.
    is_reading: bool,
    /// Between readings that fail, or are of no use.
    backoff: Backoff,
    /// By the partition's index.
    queues: Vec<Queue>,
    /// Jobs whose partition is not known, in their order.
    unrouted: VecDeque<Job>,
    keys: Keys,
    tasks: JoinSet<Ended>,
    in_flight: HashMap<Id, (Rc<str>, BatchKeys)>,
}

/// How a task came to its end.
enum Ended {
    /// A batch, with what is left of it because the hub has no such partition.
    Batch(VecDeque<Job>),
    Reading(Result<(), SendError>),
}

impl<T: Transport> Scheduler<T> {
    pub(crate) fn new(connection: SharedConnection<T>) -> Self {
        Self {
            partition_ids: connection.partition_ids(),
            connection: Rc::new(connection),
            partitions_read: Instant::now(),
            is_reading: false,
            backoff: Backoff::new(),
            queues: Vec::new(),
            unrouted: VecDeque::new(),
            keys: Keys::default(),
            tasks: JoinSet::new(),
            in_flight: HashMap::new(),
        }
    }

    /// Serves jobs until there are no more to come and the last one is settled, then closes the connection.
    pub(crate) async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Vec<Job>>) {
        let mut open = true;
        self.read_partitions(Duration::ZERO);
        while open || !self.in_flight.is_empty() || !self.unrouted.is_empty() {
            tokio::select! {
                delivery = jobs.recv(), if open => match delivery {
                    Some(delivery) => self.take(delivery),
                    None => open = false,
                },
                Some(ended) = self.tasks.join_next_with_id() => match ended {
                    Ok((task, Ended::Batch(left))) => self.batch_ended(task, left),
                    Ok((_, Ended::Reading(result))) => self.reading_ended(result),
                    // Its jobs have told that they were dropped.
                    Err(panicked) if self.in_flight.contains_key(&panicked.id()) => {
                        self.batch_ended(panicked.id(), VecDeque::new());
                    }
                    Err(_) => self.reading_ended(Err(SendError::Interrupted("its partitions can't be read".to_owned()))),
                }
            }
            while let Ok(delivery) = jobs.try_recv() {
                self.take(delivery);
            }
            if self.partition_ids.has_changed().is_ok_and(|changed| changed) {
                self.follow_partitions();
            }
            self.start_batches();
        }
        self.connection.close().await;
    }

    fn take(&mut self, delivery: Vec<Job>) {
        for job in delivery {
            self.pending(job.key()).push_back(job);
        }
        if self.partitions_read.elapsed() > PARTITIONS_GOOD_FOR {
            self.read_partitions(Duration::ZERO);
        }
    }

    /// Where jobs of a key wait.
    fn pending(&mut self, key: u64) -> &mut VecDeque<Job> {
        match partition_key::partition(key, self.queues.len()).map(|index| &mut self.queues[index]) {
            Some(queue) if !queue.is_gone => &mut queue.pending,
            _ => &mut self.unrouted,
        }
    }

    fn start_batches(&mut self) {
        let limit = self.connection.transport.in_flight();
        for queue in &mut self.queues {
            while let Some((jobs, keys)) = queue.next_batch(limit, &mut self.keys) {
                let sending = Sending {
                    partition_id: Rc::clone(&queue.partition_id),
                    connection: Rc::clone(&self.connection),
                    answer_time: Rc::clone(&queue.answer_time),
                };
                let task = self.tasks.spawn_local(async { Ended::Batch(sending.run(jobs).await) });
                self.in_flight.insert(task.id(), (Rc::clone(&queue.partition_id), keys));
            }
        }
    }

    /// What is left of a batch leaves next, and then what waited for its keys, because it came before what is pending.
    fn batch_ended(&mut self, task: Id, left: VecDeque<Job>) {
        let Some((partition_id, keys)) = self.in_flight.remove(&task) else { return };
        let is_gone = !left.is_empty();
        if let Some(queue) = self.queues.iter_mut().find(|queue| queue.partition_id == partition_id) {
            queue.batches -= 1;
            if is_gone {
                queue.is_gone = true;
                self.unrouted.append(&mut queue.pending);
            }
        }
        let waited = self.keys.release(&keys);
        for job in left.into_iter().chain(waited).collect::<Vec<_>>().into_iter().rev() {
            self.pending(job.key()).push_front(job);
        }
        if is_gone {
            let pause = self.backoff.next();
            self.read_partitions(pause);
        } else {
            self.backoff.reset();
        }
    }

    /// Asks the hub for its partitions after a pause, unless that is under way.
    fn read_partitions(&mut self, pause: Duration) {
        if !mem::replace(&mut self.is_reading, true) {
            let connection = Rc::clone(&self.connection);
            self.tasks.spawn_local(async move {
                sleep(pause).await;
                Ended::Reading(connection.read_partition_ids().await)
            });
        }
    }

    fn reading_ended(&mut self, result: Result<(), SendError>) {
        self.is_reading = false;
        self.partitions_read = Instant::now();
        let Err(error) = result else {
            self.follow_partitions();
            return;
        };
        self.unrouted.retain(|job| !job.is_abandoned());
        self.unrouted = mem::take(&mut self.unrouted).into_iter().filter_map(|job| job.failed(&error)).collect();
        // Else those that are known are good enough.
        if self.queues.iter().all(|queue| queue.is_gone) || !self.unrouted.is_empty() {
            self.connection.health.failing(&error);
            let pause = self.backoff.next();
            self.read_partitions(pause);
        }
    }

    fn follow_partitions(&mut self) {
        let ids = self.partition_ids.borrow_and_update().clone();
        let mut before = mem::take(&mut self.queues);
        let mut jobs: Vec<Job> = before.iter_mut().flat_map(|queue| mem::take(&mut queue.pending)).collect();
        self.queues = ids
            .iter()
            .map(|id| match before.iter().position(|queue| *queue.partition_id == **id) {
                Some(index) => Queue { is_gone: false, ..before.swap_remove(index) },
                // One that comes back may have batches in flight still.
                None => {
                    Queue { batches: self.in_flight.values().filter(|(of, _)| **of == **id).count(), ..Queue::new(id) }
                }
            })
            .collect();
        jobs.extend(mem::take(&mut self.unrouted));
        for job in jobs {
            self.pending(job.key()).push_back(job);
        }
    }
}
