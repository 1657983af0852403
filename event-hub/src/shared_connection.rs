//! The one connection that all partitions share: opened when it is needed, replaced when it is lost.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use futures::FutureExt;
use time::OffsetDateTime;
use tokio::{
    sync::{Mutex, SetOnce, watch},
    time::{Instant, timeout},
};

use crate::{
    error::SendError,
    health::Health,
    transport::{Broken, Connection, Failure, Transport},
};

/// The time to open a connection (TCP, TLS, token), and to ask the hub for its partitions.
const OPENING: Duration = Duration::from_secs(5);

/// The time for the last connection to be closed in order, which matters to nobody but the hub.
const CLOSING: Duration = Duration::from_secs(2);

pub(crate) struct SharedConnection<T: Transport> {
    pub(crate) transport: T,
    pub(crate) health: Health,
    current: RefCell<Option<Rc<Opened<T::Connection>>>>,
    opening: Mutex<()>,
    /// The last attempt to open it that failed.
    failed: RefCell<Option<(Instant, SendError)>>,
    partition_ids: watch::Sender<Vec<String>>,
}

/// A connection while it is in use.
pub(crate) struct Opened<C> {
    pub(crate) connection: C,
    /// When to take a new one for the sake of a new token.
    good_until: Option<Instant>,
    /// Set when it is given up.
    given_up: SetOnce<SendError>,
    /// When the hub last answered anything on it.
    heard: Cell<Instant>,
    /// When its hub was last asked for its partitions.
    partitions_read: Cell<Instant>,
}

impl<T: Transport> SharedConnection<T> {
    pub(crate) fn new(transport: T, health: Health) -> Self {
        Self {
            transport,
            health,
            current: RefCell::default(),
            opening: Mutex::default(),
            failed: RefCell::default(),
            partition_ids: watch::Sender::default(),
        }
    }

    /// The connection, opened now if there is none, if it was lost, or if its token expires soon.
    pub(crate) async fn get(&self) -> Result<Rc<Opened<T::Connection>>, SendError> {
        let asked = Instant::now();
        let _one_at_a_time = self.opening.lock().await;
        let current = self.current.borrow().clone();
        match current {
            Some(opened) if opened.is_good() => return Ok(opened),
            Some(opened) => self.retire(&opened),
            None => {}
        }
        // Those who waited for this attempt share its failure: one after the other, each would wait as long again.
        if let Some((at, error)) = &*self.failed.borrow()
            && *at >= asked
        {
            return Err(error.clone());
        }
        // Boxed: large, seldom needed, and else a part of every batch.
        let opened = timeout(OPENING, Box::pin(self.open())).await.unwrap_or(Err(SendError::NoAnswer));
        match &opened {
            Ok(opened) => {
                self.current.replace(Some(Rc::clone(opened)));
                self.health.good();
            }
            Err(error) => {
                self.failed.replace(Some((Instant::now(), error.clone())));
                self.health.failing(error);
            }
        }
        opened
    }

    async fn open(&self) -> Result<Rc<Opened<T::Connection>>, SendError> {
        let connection = self.transport.connect().await?;
        let now = Instant::now();
        let opened = Opened {
            good_until: connection.expires_on().map(good_until),
            connection,
            given_up: SetOnce::new(),
            heard: Cell::new(now),
            partitions_read: Cell::new(now),
        };
        self.publish(opened.connection.partition_ids().await?)?;
        Ok(Rc::new(opened))
    }

    /// The partitions as they were read last; none before that.
    pub(crate) fn partition_ids(&self) -> watch::Receiver<Vec<String>> {
        self.partition_ids.subscribe()
    }

    /// Asks the hub for its partitions.
    pub(crate) async fn read_partition_ids(&self) -> Result<(), SendError> {
        let asked = Instant::now();
        let opened = self.get().await?;
        // A connection that was opened just now has asked already.
        if opened.partitions_read.get() < asked {
            let answer = timeout(OPENING, Box::pin(opened.connection.partition_ids())).await;
            let ids = answer.unwrap_or(Err(SendError::NoAnswer)).inspect_err(|error| {
                if !error.is_passing() {
                    self.retire(&opened);
                }
            })?;
            opened.partitions_read.set(Instant::now());
            self.publish(ids)?;
        }
        Ok(())
    }

    fn publish(&self, ids: Vec<String>) -> Result<(), SendError> {
        if ids.is_empty() {
            return Err(SendError::Interrupted("the hub names no partitions".to_owned()));
        }
        self.partition_ids.send_if_modified(|known| {
            let is_news = *known != ids;
            *known = ids;
            is_news
        });
        Ok(())
    }

    /// Draws the consequences of how something ended that was asked of the hub.
    pub(crate) fn ended(&self, opened: &Rc<Opened<T::Connection>>, result: Result<(), &Failure>) {
        match result {
            Err(Failure { broken: Broken::Connection, error }) => {
                // An error means that somebody else has given it up.
                let _ = opened.given_up.set(error.clone());
                self.retire(opened);
            }
            // A key does not become right by waiting, but a new connection has a new token.
            Err(Failure { error: SendError::Denied(_), .. }) => self.retire(opened),
            Err(Failure { error: SendError::NoAnswer, .. }) => {}
            Ok(()) | Err(_) => opened.heard.set(Instant::now()),
        }
    }

    /// Takes the connection out of use, unless another has its place already. What is in flight on it comes to its end.
    fn retire(&self, opened: &Rc<Opened<T::Connection>>) {
        let mut current = self.current.borrow_mut();
        if current.as_ref().is_some_and(|current| Rc::ptr_eq(current, opened)) {
            *current = None;
        }
    }

    /// Closes the connection in order, once nothing is in flight on it.
    pub(crate) async fn close(&self) {
        if let Some(opened) = self.current.take().and_then(Rc::into_inner) {
            let _ = timeout(CLOSING, opened.connection.close()).await;
        }
    }
}

impl<C: Connection> Opened<C> {
    /// Waits until it is of no use any more, and answers why.
    pub(crate) async fn lost(&self) -> SendError {
        tokio::select! {
            error = self.given_up.wait() => error.clone(),
            error = self.connection.ended() => error,
        }
    }

    /// What it means that an outcome has not come since `sent`: if the hub has answered others meanwhile, it is the
    /// partition's link that is broken, else the connection.
    pub(crate) fn unanswered(&self, partition_id: &str, sent: Instant) -> Failure {
        let others_are_answered = self.heard.get() > sent;
        if others_are_answered && self.connection.detach(partition_id) {
            Failure::of_link(SendError::NoAnswer)
        } else {
            Failure::of_connection(SendError::NoAnswer)
        }
    }

    fn is_good(&self) -> bool {
        self.lost().now_or_never().is_none() && self.good_until.is_none_or(|end| Instant::now() < end)
    }
}

/// Four minutes before the token expires, when `azure_identity` has a new one; but not at once if it has not.
fn good_until(expires_on: OffsetDateTime) -> Instant {
    let left = Duration::try_from(expires_on - OffsetDateTime::now_utc()).unwrap_or_default();
    Instant::now() + left.saturating_sub(Duration::from_secs(4 * 60)).max(Duration::from_secs(5))
}
