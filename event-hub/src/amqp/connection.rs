//! A connection to the namespace on which the hub may be sent to.

use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};

use fe2o3_amqp::{
    Session,
    connection::ConnectionHandle,
    session::{BeginError, SessionHandle},
};
use fe2o3_amqp_cbs::{client::CbsClient, token::CbsToken};
use time::OffsetDateTime;
use tokio::{
    sync::{Mutex, OnceCell, SetOnce, mpsc, oneshot},
    task::{JoinHandle, spawn_local},
    time::timeout,
};

use super::{batch::Batch, description, link::Link, stream};
use crate::{
    config::{Config, TransportType},
    error::SendError,
    token::Token,
    transport::{Broken, Connection, Failure, InFlight, Transport},
};

/// The time for the connection to be closed in order.
const CLOSING: Duration = Duration::from_secs(1);

/// Opens connections.
#[derive(Debug)]
pub(crate) struct Amqp(pub(crate) Config);

pub(crate) struct AmqpConnection {
    hub: String,
    token: Token,
    /// By partition, each attached when it is first needed.
    links: RefCell<HashMap<String, Rc<OnceCell<Link>>>>,
    /// For questions to the hub; none after one that failed.
    control: Mutex<Option<SessionHandle<()>>>,
    /// Asks for sessions. When it is dropped the connection is closed.
    sessions: mpsc::Sender<NewSession>,
    ended: Rc<SetOnce<SendError>>,
    closed: JoinHandle<()>,
}

type NewSession = oneshot::Sender<Result<SessionHandle<()>, BeginError>>;

impl Transport for Amqp {
    type Connection = AmqpConnection;

    async fn connect(&self) -> Result<AmqpConnection, SendError> {
        AmqpConnection::open(&self.0).await.map_err(SendError::from)
    }

    /// Enough that a group hardly ever waits for another's outcome, and each small enough for a frame of AMQP and for
    /// the processor's cache. More than eight would make small batches of many small deliveries.
    fn in_flight(&self) -> InFlight {
        InFlight { batches: 8, full_batches: 16, batch_bytes: 48 * 1024 }
    }
}

impl AmqpConnection {
    async fn open(config: &Config) -> Result<Self, Failure> {
        let mut connection = stream::connect(&config.access, TransportType::Amqp).await?;
        let mut control = Session::begin(&mut connection).await?;
        let (sessions, requests) = mpsc::channel(1);
        let ended = Rc::new(SetOnce::new());
        let closed = spawn_local(hold(connection, requests, Rc::clone(&ended)));

        // A token for the hub is good for all of its partitions.
        let resource = format!("amqps://{}/{}", config.access.host(), config.name);
        let token = Token::new(&config.access, &resource).await;
        let token = token.map_err(|error| Failure::of_connection(error.into()))?;
        let mut tokens = CbsClient::attach(&mut control).await?;
        tokens.put_token(&*resource, CbsToken::new(&*token.secret, token.kind, None)).await?;
        let (links, control) = (RefCell::default(), Mutex::new(Some(control)));
        Ok(Self { hub: config.name.clone(), token, links, control, sessions, ended, closed })
    }

    async fn session(&self) -> Result<SessionHandle<()>, Failure> {
        let (reply, session) = oneshot::channel();
        if self.sessions.send(reply).await.is_ok()
            && let Ok(begun) = session.await
        {
            return Ok(begun?);
        }
        Err(Failure::of_connection(self.ended.wait().await.clone()))
    }

    /// The place of a partition's link, attached or not.
    fn slot(&self, partition_id: &str) -> Rc<OnceCell<Link>> {
        let mut links = self.links.borrow_mut();
        match links.get(partition_id) {
            Some(slot) => Rc::clone(slot),
            None => Rc::clone(links.entry(partition_id.to_owned()).or_default()),
        }
    }

    async fn attach(&self, partition_id: &str) -> Result<Link, Failure> {
        Link::attach(self.session().await?, &format!("{}/Partitions/{partition_id}", self.hub)).await
    }

    /// Forgets a link that is lost, unless there is another in its place already.
    fn forget(&self, partition_id: &str, lost: &Rc<OnceCell<Link>>) {
        let mut links = self.links.borrow_mut();
        if links.get(partition_id).is_some_and(|slot| Rc::ptr_eq(slot, lost)) {
            links.remove(partition_id);
        }
    }
}

impl Connection for AmqpConnection {
    type Batch<'a> = Batch;

    async fn partition_ids(&self) -> Result<Vec<String>, SendError> {
        let mut control = self.control.lock().await;
        let mut session = match control.take() {
            Some(session) => session,
            None => self.session().await?,
        };
        let ids = description::partition_ids(&mut session, &self.hub, &self.token).await?;
        *control = Some(session);
        Ok(ids)
    }

    async fn batch(&self, partition_id: &str) -> Result<Batch, Failure> {
        let slot = self.slot(partition_id);
        slot.get_or_try_init(|| self.attach(partition_id)).await.map(Link::batch)
    }

    async fn send(&self, partition_id: &str, batch: Batch) -> Result<(), Failure> {
        let slot = self.slot(partition_id);
        let sent = slot.get_or_try_init(|| self.attach(partition_id)).await?.send(batch).await;
        if let Err(failure) = &sent
            && failure.broken != Broken::Nothing
        {
            self.forget(partition_id, &slot);
        }
        sent
    }

    fn detach(&self, partition_id: &str) -> bool {
        self.links.borrow_mut().remove(partition_id);
        true
    }

    async fn ended(&self) -> SendError {
        self.ended.wait().await.clone()
    }

    fn expires_on(&self) -> Option<OffsetDateTime> {
        self.token.expires_on
    }

    async fn close(self) {
        let Self { sessions, links, closed, .. } = self;
        drop((links, sessions));
        let _ = timeout(CLOSING, closed).await;
    }
}

/// Holds the connection until it ends, or until nobody is left who may ask for a session.
async fn hold(
    mut connection: ConnectionHandle<()>,
    mut requests: mpsc::Receiver<NewSession>,
    ended: Rc<SetOnce<SendError>>,
) {
    let end = loop {
        tokio::select! {
            end = connection.on_close() => break end,
            request = requests.recv() => match request {
                Some(mut reply) => {
                    tokio::select! {
                        session = Session::begin(&mut connection) => drop(reply.send(session)),
                        () = reply.closed() => {}
                    }
                }
                // A hub that is gone without a word never answers, and as long as the library waits for that, it does so
                // without a pause (fe2o3-amqp 0.18.4). It waits in peace for a connection that is dropped.
                None => break timeout(CLOSING, connection.close()).await.unwrap_or(Ok(())),
            }
        }
    };
    let reason = match end {
        Ok(()) => SendError::Unreachable("the connection was closed".to_owned()),
        Err(error) => Failure::from(error).error,
    };
    tracing::debug!("The connection to the event hub ended: {reason}");
    let _ = ended.set(reason);
}
