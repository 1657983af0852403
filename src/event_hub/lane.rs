//! The way to one partition: a queue, and one batch on its way at a time.
//!
//! A lane sends as soon as it is idle and takes everything that has queued meanwhile: no timer, no added latency when it
//! is quiet, large batches when it is busy. Order holds because nothing overtakes: what failed is sent again first.

use std::{collections::VecDeque, rc::Rc};

use tokio::{sync::mpsc, time::Instant};

use super::{SendError, backoff::Backoff, client::Connection, job::Job, patience::Patience};

#[derive(Debug)]
pub(super) struct Lane {
    partition_id: String,
    queue: mpsc::UnboundedReceiver<Job>,
    connection: Rc<Connection>,
    backoff: Backoff,
    /// How long an attempt may take.
    patience: Patience,
    /// Set after the hub has refused a batch as too large: which of its messages is to blame shows when they go alone.
    one_alone: bool,
}

impl Lane {
    pub(super) fn new(partition_id: String, queue: mpsc::UnboundedReceiver<Job>, connection: Rc<Connection>) -> Self {
        let (backoff, patience) = (Backoff::new(), Patience::default());
        Self { partition_id, queue, connection, backoff, patience, one_alone: false }
    }

    /// Works the queue off until it is closed and empty.
    pub(super) async fn run(mut self) {
        let mut pending = VecDeque::new();
        while let Some(job) = self.queue.recv().await {
            pending.push_back(job);
            self.work_off(&mut pending).await;
        }
    }

    async fn work_off(&mut self, pending: &mut VecDeque<Job>) {
        loop {
            while let Ok(job) = self.queue.try_recv() {
                pending.push_back(job);
            }
            pending.retain(|job| !job.is_abandoned());
            if pending.is_empty() {
                return;
            }
            match self.send(pending).await {
                Ok(()) => self.backoff.reset(),
                Err(error) => {
                    if error.is_passing() {
                        for job in &*pending {
                            job.note(&error);
                        }
                    } else {
                        for job in pending.drain(..) {
                            job.finish(Err(error.clone()));
                        }
                    }
                    self.backoff.pause().await;
                }
            }
        }
    }

    /// Sends one batch from the front of the queue.
    async fn send(&mut self, pending: &mut VecDeque<Job>) -> Result<(), SendError> {
        let client = match self.connection.client().await {
            Ok(client) => client,
            Err(error) => {
                self.connection.ended(None, Err(&error));
                return Err(error);
            }
        };
        let most = if self.one_alone { 1 } else { usize::MAX };
        let started = Instant::now();
        match client.send(&self.partition_id, pending.iter_mut(), most, self.patience.limit()).await {
            Ok(accepted) => {
                self.one_alone = false;
                self.patience.answered_after(started.elapsed());
                self.connection.ended(Some(&client), Ok(()));
                settle(pending, accepted);
                Ok(())
            }
            // A record that is too large concerns its own job only; the hub is well.
            Err(SendError::TooLarge) => {
                if self.one_alone
                    && let Some(job) = pending.pop_front()
                {
                    job.finish(Err(SendError::TooLarge));
                }
                self.one_alone = !self.one_alone;
                Ok(())
            }
            Err(SendError::NoAnswer) => {
                self.patience.ran_out();
                self.connection.ended(Some(&client), Err(&SendError::NoAnswer));
                Err(SendError::NoAnswer)
            }
            Err(error) => {
                self.connection.ended(Some(&client), Err(&error));
                Err(error)
            }
        }
    }
}

/// Takes `accepted` messages from the front of the queue and answers the jobs that are complete with them.
fn settle(pending: &mut VecDeque<Job>, mut accepted: usize) {
    while let Some(mut job) = pending.pop_front() {
        accepted -= job.accept(accepted);
        if !job.remaining().is_empty() {
            pending.push_front(job);
            return;
        }
        job.finish(Ok(()));
        if accepted == 0 {
            return;
        }
    }
}
