//! The way to one partition: a session with one link in it, so that nothing that ends here ends anything else.

use fe2o3_amqp::{Sender, session::SessionHandle};
use fe2o3_amqp_types::messaging::Outcome;
use tokio::sync::Mutex;

use super::{batch::Batch, refusal};
use crate::{error::SendError, transport::Failure};

/// The largest message of the service's standard tier, for a link that does not name its own.
const MAX_MESSAGE_SIZE: u64 = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Link {
    sender: Mutex<Sender>,
    max_message_size: usize,
    /// Ended when it is dropped, after the link.
    _session: SessionHandle<()>,
}

impl Link {
    /// Attaches a link to the node at `address`.
    pub(super) async fn attach(mut session: SessionHandle<()>, address: &str) -> Result<Self, Failure> {
        let sender = Sender::attach(&mut session, address, address).await?;
        let max_message_size = sender.max_message_size().unwrap_or(MAX_MESSAGE_SIZE);
        let max_message_size = usize::try_from(max_message_size).unwrap_or(usize::MAX);
        Ok(Self { sender: Mutex::new(sender), max_message_size, _session: session })
    }

    pub(super) fn batch(&self) -> Batch {
        Batch::new(self.max_message_size)
    }

    /// Sends a batch after those that are in flight already, and waits for the hub's outcome.
    pub(super) async fn send(&self, batch: Batch) -> Result<(), Failure> {
        // Others may send as soon as this one is on its way.
        let outcome = self.sender.lock().await.send_batchable(batch.into_sendable()).await?;
        let error = match outcome.await? {
            Outcome::Accepted(_) => return Ok(()),
            Outcome::Rejected(rejected) => match rejected.error {
                Some(error) => return Err(refusal::of_outcome(&error)),
                None => "rejected without a reason",
            },
            Outcome::Released(_) => "released",
            Outcome::Modified(_) => "modified",
        };
        Err(Failure::outcome(SendError::NotAccepted(error.to_owned())))
    }
}
