//! The connections that are open: counted, so that tests can prove a clean close, and within reach, so that they can be
//! cut and their tokens expire.

use std::{
    collections::HashMap,
    io,
    net::{Shutdown, TcpStream},
    sync::Arc,
};

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::watch;

use super::{grants::Grants, misbehaviour::Reception};

/// How many connections there were and are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionCounts {
    /// Accepted since the start.
    pub opened: u64,
    /// Open now.
    pub open: usize,
    /// Closed by the client with an AMQP close, rather than by going away.
    pub closed_cleanly: u64,
}

/// All connections of an endpoint.
#[derive(Debug)]
pub(crate) struct Connections {
    state: Mutex<State>,
    changes: Arc<watch::Sender<()>>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<u64, Open>,
    opened: u64,
    closed_cleanly: u64,
}

#[derive(Debug)]
struct Open {
    /// A duplicate, used only to cut the connection.
    socket: TcpStream,
    grants: Arc<Grants>,
}

impl Connections {
    pub(crate) fn new(changes: Arc<watch::Sender<()>>) -> Self {
        Self { state: Mutex::default(), changes }
    }

    /// Receives a connection, which counts as open until the registration is dropped. `None` if it is not to be served.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        stream: tokio::net::TcpStream,
        reception: Reception,
    ) -> Option<(tokio::net::TcpStream, Registration)> {
        if reception == Reception::Refuse {
            return None;
        }
        // An error is a client that is gone already.
        let (mut stream, registration) = self.admit(stream).ok()?;
        if reception == Reception::Silent {
            // Read, so that the client's end is noticed, and nothing else.
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            return None;
        }
        Some((stream, registration))
    }

    fn admit(self: &Arc<Self>, stream: tokio::net::TcpStream) -> io::Result<(tokio::net::TcpStream, Registration)> {
        // Without this, small frames wait for the acknowledgement of earlier ones: 40 ms a time.
        stream.set_nodelay(true)?;
        let stream = stream.into_std()?;
        let registration = self.register(stream.try_clone()?);
        Ok((tokio::net::TcpStream::from_std(stream)?, registration))
    }

    /// The socket is a duplicate.
    fn register(self: &Arc<Self>, socket: TcpStream) -> Registration {
        let grants = Arc::new(Grants::default());
        let id = {
            let mut state = self.state.lock();
            state.opened += 1;
            let id = state.opened;
            state.open.insert(id, Open { socket, grants: Arc::clone(&grants) });
            id
        };
        self.changes.send_replace(());
        Registration { id, grants, connections: Arc::clone(self) }
    }

    pub(crate) fn cut(&self, id: u64) {
        if let Some(open) = self.state.lock().open.get(&id) {
            cut(open);
        }
    }

    pub(crate) fn cut_all(&self) {
        self.state.lock().open.values().for_each(cut);
    }

    pub(crate) fn expire_tokens(&self) {
        self.state.lock().open.values().for_each(|open| open.grants.expire());
    }

    pub(crate) fn counts(&self) -> ConnectionCounts {
        let state = self.state.lock();
        ConnectionCounts { opened: state.opened, open: state.open.len(), closed_cleanly: state.closed_cleanly }
    }
}

fn cut(open: &Open) {
    // An error means that the peer was faster, and then there is nothing left to cut.
    let _ = open.socket.shutdown(Shutdown::Both);
}

/// A connection's entry among the open ones.
#[derive(Debug)]
pub(crate) struct Registration {
    id: u64,
    grants: Arc<Grants>,
    connections: Arc<Connections>,
}

impl Registration {
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// What the connection may use.
    pub(crate) fn grants(&self) -> Arc<Grants> {
        Arc::clone(&self.grants)
    }

    /// Notes that the client said goodbye.
    pub(crate) fn close_cleanly(self) {
        self.connections.state.lock().closed_cleanly += 1;
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.connections.state.lock().open.remove(&self.id);
        self.connections.changes.send_replace(());
    }
}
