//! The bridge's own producer, on the AMQP library that Microsoft's SDK is built on too: one connection, a link per
//! partition, and on each as many batches under way as the lane likes.
//!
//! What an Event Hub expects of a client is in learn.microsoft.com, "AMQP 1.0 in Azure Service Bus and Event Hubs
//! protocol guide" and "AMQP request/response operations".

use std::{collections::HashMap, rc::Rc, time::Duration};

use fe2o3_amqp::{Sender, Session, connection::ConnectionHandle, session::SessionHandle};
use fe2o3_amqp_cbs::{client::CbsClient, token::CbsToken};
use fe2o3_amqp_management::client::MgmtClient;
use fe2o3_amqp_types::messaging::Outcome;
use time::OffsetDateTime;
use tokio::{
    sync::{Mutex, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{SendError, token::Token};
use crate::settings::EventHubSettings;

mod batch;
mod description;
mod encoding;
mod refusal;
mod transport;

pub(super) use batch::Batch;

/// The largest message of the service's standard tier, for a link that does not name its own.
const MAX_MESSAGE_SIZE: u64 = 1024 * 1024;

/// The time for a link or a session to be closed in order.
const CLOSING: Duration = Duration::from_secs(1);

/// A connection to the namespace on which the hub may be sent to.
#[derive(Debug)]
pub(super) struct Producer {
    hub: String,
    session: Mutex<SessionHandle<()>>,
    /// By partition, each attached when it is first needed.
    links: Mutex<HashMap<String, Rc<Link>>>,
    /// Dropped to close the connection.
    close: oneshot::Sender<()>,
    closed: JoinHandle<()>,
}

/// The way to one partition.
#[derive(Debug)]
struct Link {
    sender: Mutex<Sender>,
    max_message_size: usize,
}

/// What opening gives.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) producer: Producer,
    pub(super) partition_ids: Vec<String>,
    pub(super) expires_on: Option<OffsetDateTime>,
}

impl Producer {
    /// Connects, proves who we are, and asks the hub for its partitions. `lost` is cancelled when the connection ends.
    pub(super) async fn open(settings: &EventHubSettings, lost: CancellationToken) -> Result<Opened, SendError> {
        let mut connection = transport::open(&settings.access).await?;
        let mut session = Session::begin(&mut connection).await?;
        let (close, closing) = oneshot::channel();
        let closed = tokio::task::spawn_local(watch(connection, closing, lost));

        let host = settings.access.host();
        // A token for the hub is good for all of its partitions.
        let resource = format!("amqps://{host}/{}", settings.name);
        let token = Token::new(&settings.access, &resource).await?;
        let mut tokens = CbsClient::attach(&mut session).await?;
        let put = CbsToken::new(&*token.secret, token.kind, None);
        tokens.put_token(&*resource, put).await?;

        let mut management = MgmtClient::attach(&mut session, "twin-bridge").await?;
        let partition_ids = description::partition_ids(&mut management, &settings.name, &token).await?;
        let _ = timeout(CLOSING, management.close()).await;

        let producer =
            Self { hub: settings.name.clone(), session: Mutex::new(session), links: Mutex::default(), close, closed };
        Ok(Opened { producer, partition_ids, expires_on: token.expires_on })
    }

    /// An empty batch for a partition.
    pub(super) async fn batch(&self, partition_id: &str) -> Result<Batch, SendError> {
        Ok(Batch::new(self.link(partition_id).await?.max_message_size))
    }

    /// Sends a batch after those that are under way already, and waits for the hub's answer to it.
    pub(super) async fn send(&self, partition_id: &str, batch: Batch) -> Result<(), SendError> {
        let link = self.link(partition_id).await?;
        // Others may send as soon as this one is on its way.
        let answer = link.sender.lock().await.send_batchable(batch.into_sendable()).await?;
        match answer.await? {
            Outcome::Accepted(_) => Ok(()),
            Outcome::Rejected(rejected) => Err(match rejected.error {
                Some(error) => refusal::of_hub(&error),
                None => SendError::NotAccepted("rejected without a reason".to_owned()),
            }),
            Outcome::Released(_) => Err(SendError::NotAccepted("released".to_owned())),
            Outcome::Modified(_) => Err(SendError::NotAccepted("modified".to_owned())),
        }
    }

    async fn link(&self, partition_id: &str) -> Result<Rc<Link>, SendError> {
        let mut links = self.links.lock().await;
        if let Some(link) = links.get(partition_id) {
            return Ok(Rc::clone(link));
        }
        let address = format!("{}/Partitions/{partition_id}", self.hub);
        let mut session = self.session.lock().await;
        let sender = Sender::attach(&mut session, &address, &*address).await?;
        let max_message_size = sender.max_message_size().unwrap_or(MAX_MESSAGE_SIZE);
        let max_message_size = usize::try_from(max_message_size).unwrap_or(usize::MAX);
        let link = Rc::new(Link { sender: Mutex::new(sender), max_message_size });
        links.insert(partition_id.to_owned(), Rc::clone(&link));
        Ok(link)
    }

    /// Closes the connection in order.
    pub(super) async fn close(self) {
        drop(self.close);
        let _ = self.closed.await;
    }
}

/// Holds the connection until it ends or is to be closed.
async fn watch(mut connection: ConnectionHandle<()>, closing: oneshot::Receiver<()>, lost: CancellationToken) {
    let ended = tokio::select! {
        ended = connection.on_close() => ended,
        _ = closing => connection.close().await,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "The connection to the event hub ended.");
    }
    lost.cancel();
}
