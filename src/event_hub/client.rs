//! A producer made safe: every call has a deadline, and nothing waits on a connection that is known to be lost.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{Messages, SendError, amqp, job::Job, message::Message, sdk};
use crate::settings::{EventHubSettings, ProducerKind};

/// How a lane sends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How many batches may be under way at once, however small.
    pub(super) batches: usize,
    /// How many, as long as there is a whole load for the next one.
    pub(super) full_batches: usize,
    /// The bytes from which on a batch takes no more.
    pub(super) load: usize,
}

impl Pace {
    pub(super) fn of(producer: ProducerKind) -> Self {
        match producer {
            // Enough that a delivery hardly ever waits for another's answer, and each small enough for a frame of AMQP and
            // for the processor's cache. More than eight would make small batches of many small deliveries.
            ProducerKind::Amqp => Self { batches: 8, full_batches: 16, load: 48 * 1024 },
            // The SDK sends one at a time, and would let the rest wait where their time runs already.
            ProducerKind::Sdk => Self { batches: 1, full_batches: 1, load: usize::MAX },
        }
    }
}

/// One connection's producer and what the hub said of itself when it was opened.
#[derive(Debug)]
pub(super) struct Client {
    producer: Producer,
    partition_ids: Vec<String>,
    /// When to take a new client for the sake of a new token.
    good_until: Option<Instant>,
    /// Cancelled when the connection is found to be lost, since a send in flight would wait for ever.
    lost: CancellationToken,
}

#[derive(Debug)]
enum Producer {
    Amqp(amqp::Producer),
    Sdk(sdk::Producer),
}

/// Events for one partition, as many as it takes at once.
enum Batch<'a> {
    Amqp(amqp::Batch),
    Sdk(Box<sdk::Batch<'a>>),
}

impl Client {
    pub(super) async fn open(settings: &EventHubSettings) -> Result<Self, SendError> {
        let lost = CancellationToken::new();
        let (producer, partition_ids, expires_on) = match settings.producer {
            ProducerKind::Amqp => {
                let opened = amqp::Producer::open(settings, lost.clone()).await?;
                (Producer::Amqp(opened.producer), opened.partition_ids, opened.expires_on)
            }
            ProducerKind::Sdk => {
                let opened = sdk::Producer::open(settings).await?;
                (Producer::Sdk(opened.producer), opened.partition_ids, opened.expires_on)
            }
        };
        Ok(Self { producer, partition_ids, good_until: expires_on.map(good_until), lost })
    }

    pub(super) fn partition_ids(&self) -> &[String] {
        &self.partition_ids
    }

    /// Whether it may be used: it is not known to be lost, and its token not about to expire.
    pub(super) fn is_good(&self) -> bool {
        !self.lost.is_cancelled() && self.good_until.is_none_or(|end| Instant::now() < end)
    }

    /// Ends whatever is under way on it.
    pub(super) fn give_up(&self) {
        self.lost.cancel();
    }

    pub(super) async fn close(self) {
        match self.producer {
            Producer::Amqp(producer) => producer.close().await,
            Producer::Sdk(producer) => producer.close().await,
        }
    }

    /// Sends as many of the messages as one batch holds, in order, and answers how many the hub accepted.
    ///
    /// Messages that no event can hold are split where they can be; a job with one that can't is refused before any of
    /// its messages is sent. After `limit` the outcome is unknown, and the messages have to be sent again on a new client:
    /// repeats, which consumers can drop by their ids.
    pub(super) async fn send(
        &self,
        partition_id: &str,
        jobs: impl IntoIterator<Item = &mut Job>,
        most: usize,
        limit: Duration,
    ) -> Result<usize, SendError> {
        let sending = async {
            let mut batch = self.batch(partition_id).await?;
            'filled: for job in jobs {
                if job.is_untouched() && job.messages().any_is_large() {
                    if batch.len() > 0 {
                        break;
                    }
                    self.make_fit(partition_id, job).await?;
                }
                for message in job.remaining() {
                    if batch.len() == most || !batch.try_add(job.messages(), message)? {
                        break 'filled;
                    }
                }
            }
            // Neither producer sends an empty batch.
            match batch.len() {
                0 => Err(SendError::TooLarge),
                count => self.send_batch(partition_id, batch).await.map(|()| count),
            }
        };
        tokio::select! {
            result = timeout(limit, sending) => result.unwrap_or(Err(SendError::NoAnswer)),
            () = self.lost.cancelled() => Err(SendError::Unreachable("the connection was lost".to_owned())),
        }
    }

    /// Tries each large message of the job in a batch of its own, which is not sent, and splits those that do not fit.
    async fn make_fit(&self, partition_id: &str, job: &mut Job) -> Result<(), SendError> {
        let mut index = 0;
        while let Some(message) = job.messages().list().get(index) {
            let fits = !job.messages().is_large(message)
                || self.batch(partition_id).await?.try_add(job.messages(), message)?;
            if fits {
                index += 1;
            } else if !job.messages_mut().split(index) {
                return Err(SendError::TooLarge);
            }
        }
        Ok(())
    }

    async fn batch(&self, partition_id: &str) -> Result<Batch<'_>, SendError> {
        match &self.producer {
            Producer::Amqp(producer) => producer.batch(partition_id).await.map(Batch::Amqp),
            Producer::Sdk(producer) => producer.batch(partition_id).await.map(Box::new).map(Batch::Sdk),
        }
    }

    async fn send_batch(&self, partition_id: &str, batch: Batch<'_>) -> Result<(), SendError> {
        match (&self.producer, batch) {
            (Producer::Amqp(producer), Batch::Amqp(batch)) => producer.send(partition_id, batch).await,
            (Producer::Sdk(producer), Batch::Sdk(batch)) => producer.send(*batch).await,
            // A batch is its producer's.
            _ => Err(SendError::Stopped),
        }
    }
}

impl Batch<'_> {
    /// Adds an event; false if it does not fit any more.
    fn try_add(&mut self, messages: &Messages, message: &Message) -> Result<bool, SendError> {
        match self {
            Self::Amqp(batch) => Ok(batch.try_add(messages, message)),
            Self::Sdk(batch) => batch.try_add(messages, message),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Amqp(batch) => batch.len(),
            Self::Sdk(batch) => batch.len(),
        }
    }
}

/// Four minutes before the token expires, when `azure_identity` has a new one; but not at once if it has not.
fn good_until(expires_on: OffsetDateTime) -> Instant {
    let left = Duration::try_from(expires_on - OffsetDateTime::now_utc()).unwrap_or_default();
    Instant::now() + left.saturating_sub(Duration::from_secs(4 * 60)).max(Duration::from_secs(5))
}
