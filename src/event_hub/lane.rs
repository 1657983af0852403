//! The way to one partition: a queue, and one batch on its way at a time.
//!
//! A lane sends as soon as it is idle and takes everything that has queued meanwhile: no timer, no added latency when it
//! is quiet, large batches when it is busy. Order holds because nothing overtakes: what failed is sent again first.

use std::{collections::VecDeque, rc::Rc};

use tokio::sync::mpsc;

use super::{SendError, backoff::Backoff, client::Connection, job::Job};

#[derive(Debug)]
pub(super) struct Lane {
    partition_id: String,
    queue: mpsc::UnboundedReceiver<Job>,
    connection: Rc<Connection>,
    backoff: Backoff,
}

impl Lane {
    pub(super) fn new(partition_id: String, queue: mpsc::UnboundedReceiver<Job>, connection: Rc<Connection>) -> Self {
        Self { partition_id, queue, connection, backoff: Backoff::new() }
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
    async fn send(&self, pending: &mut VecDeque<Job>) -> Result<(), SendError> {
        let client = match self.connection.client().await {
            Ok(client) => client,
            Err(error) => {
                self.connection.ended(None, Err(&error));
                return Err(error);
            }
        };
        match client.send(&self.partition_id, pending.iter_mut()).await {
            Ok(accepted) => {
                self.connection.ended(Some(&client), Ok(()));
                settle(pending, accepted);
                Ok(())
            }
            // A record that is too large concerns its own job only; the hub is well.
            Err(SendError::TooLarge) => {
                if let Some(job) = pending.pop_front() {
                    job.finish(Err(SendError::TooLarge));
                }
                Ok(())
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
