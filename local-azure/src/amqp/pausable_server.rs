//! A server that stops and starts again on the same address, as if its process had been killed and started anew.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
};

use parking_lot::Mutex;
use tokio::net::TcpStream;

use super::server::{HeldAddress, Server};

/// Dropping it stops it for good.
pub(crate) struct PausableServer {
    address: SocketAddr,
    serve: Box<dyn Fn(TcpListener) -> io::Result<Server> + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Serving {
        _until_dropped: Server,
    },
    /// With the address held, so that nobody else has it meanwhile.
    Paused(Option<HeldAddress>),
}

impl PausableServer {
    /// Listens, and serves each connection as `serve` does, on a thread of this name.
    pub(crate) fn start<Served>(
        name: &'static str,
        listen: SocketAddr,
        serve: impl Fn(TcpStream) -> Served + Clone + Send + Sync + 'static,
    ) -> io::Result<Self>
    where
        Served: Future<Output = ()> + Send + 'static,
    {
        let serve = move |listener| Server::start(name, listener, serve.clone());
        let server = serve(TcpListener::bind(listen)?)?;
        let address = server.address();
        Ok(Self { address, serve: Box::new(serve), state: Mutex::new(State::Serving { _until_dropped: server }) })
    }

    /// Where it listens, also after a pause.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn is_paused(&self) -> bool {
        matches!(*self.state.lock(), State::Paused(_))
    }

    /// Stops listening and cuts every connection.
    pub(crate) fn pause(&self) {
        let mut state = self.state.lock();
        if let State::Serving { .. } = *state {
            // The server must be gone before its address can be held.
            *state = State::Paused(None);
            *state = State::Paused(HeldAddress::hold(self.address).ok());
        }
    }

    /// Listens again. Does nothing when it is not paused.
    pub(crate) fn resume(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        if let State::Paused(held) = &mut *state {
            let listener = match held.take() {
                Some(held) => held.listen()?,
                None => TcpListener::bind(self.address)?,
            };
            *state = State::Serving { _until_dropped: (self.serve)(listener)? };
        }
        Ok(())
    }
}

impl fmt::Debug for PausableServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PausableServer").field("address", &self.address).finish_non_exhaustive()
    }
}
