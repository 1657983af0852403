//! Who is connected to the hub, and since when: one client at a time, which all lanes share.

use std::{cell::RefCell, rc::Rc, time::Duration};

use tokio::{
    sync::{Mutex, watch},
    time::{Instant, sleep, timeout},
};

use super::{SendError, Status, client::Client, health::Health};
use crate::settings::EventHubSettings;

/// The time to open a client: connection, TLS, token and the hub's own description.
const OPENING: Duration = Duration::from_secs(5);

/// The time for a connection to be closed, which matters to nobody but the hub.
const CLOSING: Duration = Duration::from_secs(2);

/// The one connection to the hub, opened when it is needed and replaced when it is lost.
#[derive(Debug)]
pub(super) struct Connection {
    settings: EventHubSettings,
    current: RefCell<Option<Rc<Client>>>,
    opening: Mutex<()>,
    /// The last attempt to open it that failed.
    failed: RefCell<Option<(Instant, SendError)>>,
    health: Health,
}

impl Connection {
    pub(super) fn new(settings: EventHubSettings, status: watch::Sender<Status>) -> Self {
        let health = Health::new(settings.name.clone(), status);
        Self { settings, current: RefCell::default(), opening: Mutex::default(), failed: RefCell::default(), health }
    }

    /// The client, opened now if there is none, if its connection was lost, or if its token expires soon.
    pub(super) async fn client(&self) -> Result<Rc<Client>, SendError> {
        let asked = Instant::now();
        let _one_at_a_time = self.opening.lock().await;
        let current = self.current.borrow().clone();
        match current {
            Some(client) if client.is_good() => return Ok(client),
            // What is under way on it comes to its end.
            Some(_) => drop(self.current.take().map(|client| tokio::task::spawn_local(close(client)))),
            None => {}
        }
        // Those who waited for this attempt share its failure: one after the other, each would wait as long again.
        if let Some((at, error)) = &*self.failed.borrow()
            && *at >= asked
        {
            return Err(error.clone());
        }
        // Boxed: large, seldom needed, and else a part of every courier.
        match timeout(OPENING, Box::pin(Client::open(&self.settings))).await.unwrap_or(Err(SendError::NoAnswer)) {
            Ok(client) => {
                let client = Rc::new(client);
                self.current.replace(Some(Rc::clone(&client)));
                Ok(client)
            }
            Err(error) => {
                self.failed.replace(Some((Instant::now(), error.clone())));
                Err(error)
            }
        }
    }

    /// Takes note of how something ended that was asked of the hub, and drops a client that may be broken.
    pub(super) fn ended(&self, client: Option<&Rc<Client>>, result: Result<(), &SendError>) {
        match (client, result) {
            (_, Ok(())) => self.health.good(),
            (None, Err(error)) => self.health.failing(error),
            (Some(client), Err(error)) => {
                self.health.failing(error);
                if error.breaks_client() {
                    self.discard(client);
                }
            }
        }
    }

    /// Throws the client away, unless that has been done already, and ends what is under way on it.
    fn discard(&self, client: &Rc<Client>) {
        let mut current = self.current.borrow_mut();
        if current.as_ref().is_some_and(|current| Rc::ptr_eq(current, client)) {
            client.give_up();
            if let Some(client) = current.take() {
                tokio::task::spawn_local(close(client));
            }
        }
    }

    /// Closes the connection in order.
    pub(super) async fn close(&self) {
        let client = self.current.take();
        if let Some(client) = client {
            close(client).await;
        }
    }
}

/// Closes the client as soon as nobody holds it any more.
async fn close(mut client: Rc<Client>) {
    let closing = async {
        loop {
            match Rc::try_unwrap(client) {
                Ok(client) => return client.close().await,
                Err(shared) => {
                    client = shared;
                    sleep(CLOSING / 100).await;
                }
            }
        }
    };
    let _ = timeout(CLOSING, closing).await;
}
