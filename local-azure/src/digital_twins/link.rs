//! A link to what an AMQP endpoint leads to.

use fe2o3_amqp::{
    Sendable, Sender,
    link::{SendError, SenderAttachError},
};
use fe2o3_amqp_types::messaging::Outcome;
use tokio::time::error::Elapsed;

use super::message::Message;
use crate::amqp_client::{Connection, ConnectionError, ConnectionString};

/// Where an AMQP endpoint leads to.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) namespace: ConnectionString,
    /// The hub or topic.
    pub(super) entity: String,
    /// Whether messages have their twin as partition key.
    pub(super) partition_by_twin: bool,
}

/// Messages can't be sent. The text is for people.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Connect(#[from] ConnectionError),
    #[error("no link was attached: {0}")]
    Attach(#[from] SenderAttachError),
    #[error("the connection is lost: {0}")]
    Ended(String),
    #[error("a message was not sent: {0}")]
    Send(#[from] SendError),
    #[error("a message was not accepted: {0:?}")]
    NotAccepted(Outcome),
    #[error("a message was not answered in time")]
    Time(#[from] Elapsed),
}

/// A link that is attached.
#[derive(Debug)]
pub(super) struct Link<'a> {
    target: &'a Target,
    sender: Sender,
    connection: Connection,
}

impl Target {
    pub(super) async fn attach(&self) -> Result<Link<'_>, LinkError> {
        let mut connection = Connection::open(&self.namespace, &self.entity).await?;
        let sender = Sender::attach(&mut connection.session, "digital-twins", &*self.entity).await?;
        Ok(Link { target: self, sender, connection })
    }
}

impl Link<'_> {
    /// Sends a message, and gives what waits until it is accepted.
    pub(super) async fn send(
        &mut self,
        message: &Message,
    ) -> Result<impl Future<Output = Result<(), LinkError>> + Send + use<>, LinkError> {
        let partition_key = self.target.partition_by_twin.then_some(message.twin.as_str());
        let message = Sendable::builder().message(message.to_amqp(partition_key)).build();
        let outcome = tokio::select! {
            sent = self.sender.send_batchable(message) => sent?,
            reason = self.connection.ended() => return Err(LinkError::Ended(reason)),
        };
        Ok(async {
            match outcome.await? {
                Outcome::Accepted(_) => Ok(()),
                other => Err(LinkError::NotAccepted(other)),
            }
        })
    }

    /// Returns when it can't be used any more. Outcomes that are waited for don't come then.
    pub(super) async fn ended(&mut self) -> LinkError {
        LinkError::Ended(self.connection.ended().await)
    }
}
