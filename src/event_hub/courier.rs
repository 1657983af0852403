//! One of those who work for a lane: takes jobs to the hub, batch after batch, until each is settled.
//!
//! Order holds because nothing overtakes: what failed is sent again first, and no other courier has jobs of the same
//! twins.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use tokio::time::Instant;

use super::{SendError, backoff::Backoff, connection::Connection, job::Job, patience::Patience};

#[derive(Debug)]
pub(super) struct Courier {
    pub(super) partition_id: Rc<str>,
    pub(super) connection: Rc<Connection>,
    /// How long an attempt may take; what one learns of it, all know.
    pub(super) patience: Rc<RefCell<Patience>>,
}

impl Courier {
    /// Settles all of the jobs.
    pub(super) async fn run(self, mut jobs: VecDeque<Job>) {
        let mut backoff = Backoff::new();
        // Set after the hub has refused a batch as too large: which of its messages is to blame shows when they go alone.
        let mut one_alone = false;
        loop {
            jobs.retain(|job| !job.is_abandoned());
            if jobs.is_empty() {
                return;
            }
            let most = if one_alone { 1 } else { usize::MAX };
            match self.send(&mut jobs, most).await {
                Ok(accepted) => {
                    one_alone = false;
                    settle(&mut jobs, accepted);
                    backoff.reset();
                }
                // A record that is too large concerns its own job only; the hub is well.
                Err(SendError::TooLarge) => {
                    if one_alone && let Some(job) = jobs.pop_front() {
                        job.finish(Err(SendError::TooLarge));
                    }
                    one_alone = !one_alone;
                }
                Err(error) => {
                    if error.is_passing() {
                        for job in &jobs {
                            job.note(&error);
                        }
                    } else {
                        for job in jobs.drain(..) {
                            job.finish(Err(error.clone()));
                        }
                    }
                    backoff.pause().await;
                }
            }
        }
    }

    /// Sends one batch with the first of the jobs and answers how many messages the hub accepted.
    async fn send(&self, jobs: &mut VecDeque<Job>, most: usize) -> Result<usize, SendError> {
        let client = match self.connection.client().await {
            Ok(client) => client,
            Err(error) => {
                self.connection.ended(None, Err(&error));
                return Err(error);
            }
        };
        let limit = self.patience.borrow().limit();
        let started = Instant::now();
        let result = client.send(&self.partition_id, jobs.iter_mut(), most, limit).await;
        match &result {
            Ok(_) => {
                self.patience.borrow_mut().answered_after(started.elapsed());
                self.connection.ended(Some(&client), Ok(()));
            }
            Err(SendError::TooLarge) => {}
            Err(error) => {
                if *error == SendError::NoAnswer {
                    self.patience.borrow_mut().ran_out();
                }
                self.connection.ended(Some(&client), Err(error));
            }
        }
        result
    }
}

/// Takes `accepted` messages from the front and answers the jobs that are complete with them.
fn settle(jobs: &mut VecDeque<Job>, mut accepted: usize) {
    while let Some(mut job) = jobs.pop_front() {
        accepted -= job.accept(accepted);
        if !job.remaining().is_empty() {
            jobs.push_front(job);
            return;
        }
        job.finish(Ok(()));
        if accepted == 0 {
            return;
        }
    }
}
