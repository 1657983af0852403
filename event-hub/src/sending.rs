//! A batch on its way: sent, and sent again, until each of its jobs is settled.
//!
//! Order holds because nothing overtakes: what failed is sent again first, and no other batch has jobs of the same keys.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use tokio::time::{Instant, sleep, timeout};

use crate::{
    answer_time::AnswerTime,
    backoff::Backoff,
    error::SendError,
    job::Job,
    shared_connection::SharedConnection,
    transport::{Batch, Broken, Connection, Failure, Transport},
};

pub(crate) struct Sending<T: Transport> {
    pub(crate) partition_id: Rc<str>,
    pub(crate) connection: Rc<SharedConnection<T>>,
    pub(crate) answer_time: Rc<RefCell<AnswerTime>>,
}

impl<T: Transport> Sending<T> {
    /// Settles all of the jobs. Answers those that are left when the hub says that it has no such partition.
    pub(crate) async fn run(self, mut jobs: VecDeque<Job>) -> VecDeque<Job> {
        let mut backoff = Backoff::new();
        // Set when it does not show which of the events is to blame: the next one goes alone.
        let mut one_alone = false;
        let mut was_interrupted = false;
        loop {
            jobs.retain(|job| !job.is_abandoned());
            if jobs.is_empty() {
                return jobs;
            }
            let failure = match self.send(&mut jobs, if one_alone { 1 } else { usize::MAX }).await {
                Ok(accepted) => {
                    settle(&mut jobs, accepted);
                    self.connection.health.good();
                    backoff.reset();
                    (one_alone, was_interrupted) = (false, false);
                    continue;
                }
                Err(failure) => failure,
            };
            match failure {
                // Concerns one job only; the hub is well.
                Failure { broken: Broken::Nothing, error: SendError::TooLarge } => {
                    if one_alone && let Some(job) = jobs.pop_front() {
                        job.finish(Err(SendError::TooLarge));
                    }
                    one_alone = !one_alone;
                }
                Failure { broken: Broken::Link, error: SendError::NotFound(_) } => return jobs,
                // A link that was idle for long, or whose partition has moved. It is attached again at once.
                Failure { broken: Broken::Link, error: SendError::Interrupted(_) } if !was_interrupted => {
                    (one_alone, was_interrupted) = (true, true);
                }
                Failure { error, .. } => {
                    self.connection.health.failing(&error);
                    jobs = jobs.into_iter().filter_map(|job| job.failed(&error)).collect();
                    sleep(backoff.next()).await;
                }
            }
        }
    }

    /// Sends the first of the events, `most` at most, and answers how many the hub accepted.
    async fn send(&self, jobs: &mut VecDeque<Job>, most: usize) -> Result<usize, Failure> {
        let opened = self.connection.get().await.map_err(Failure::of_connection)?;
        let limit = self.answer_time.borrow().limit();
        let started = Instant::now();
        let result = tokio::select! {
            sent = timeout(limit, send(&opened.connection, &self.partition_id, jobs, most)) => sent.unwrap_or_else(|_| {
                self.answer_time.borrow_mut().ran_out();
                Err(opened.unanswered(&self.partition_id, started))
            }),
            error = opened.lost() => Err(Failure::of_connection(error)),
        };
        if result.is_ok() {
            self.answer_time.borrow_mut().answered_after(started.elapsed());
        }
        self.connection.ended(&opened, result.as_ref().map(drop));
        result
    }
}

/// Sends as many of the messages as one batch holds, in order, and answers how many that were.
///
/// Messages that no event can hold are split where they can be; a job with one that can't is refused before any of its
/// messages is sent.
async fn send(
    connection: &impl Connection,
    partition_id: &str,
    jobs: &mut VecDeque<Job>,
    most: usize,
) -> Result<usize, Failure> {
    let mut batch = connection.batch(partition_id).await?;
    'filled: for job in jobs {
        if job.is_untouched() && job.messages.any_is_large() {
            if batch.len() > 0 {
                break;
            }
            make_fit(connection, partition_id, job).await?;
        }
        for message in job.remaining() {
            if batch.len() == most || !batch.try_add(&job.messages, message).map_err(Failure::of_connection)? {
                break 'filled;
            }
        }
    }
    match batch.len() {
        0 => Err(Failure::outcome(SendError::TooLarge)),
        count => connection.send(partition_id, batch).await.map(|()| count),
    }
}

/// Tries each large message of the job in a batch of its own, which is not sent, and splits those that do not fit.
async fn make_fit(connection: &impl Connection, partition_id: &str, job: &mut Job) -> Result<(), Failure> {
    let mut index = 0;
    while let Some(message) = job.messages.list().get(index) {
        let fits = !job.messages.is_large(message)
            || connection.batch(partition_id).await?.try_add(&job.messages, message).map_err(Failure::of_connection)?;
        if fits {
            index += 1;
        } else if !job.messages.split(index) {
            return Err(Failure::outcome(SendError::TooLarge));
        }
    }
    Ok(())
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
