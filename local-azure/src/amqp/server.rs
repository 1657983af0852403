//! The listener and its thread.
//!
//! A thread with a runtime of its own rather than a task on the caller's: tests run on runtimes that stand still while
//! they block, and dropping a runtime drops all connections at once, which is just what a killed process does.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    thread::{self, JoinHandle},
    time::Duration,
};

use socket2::{Domain, Socket, Type};
use tokio::{net::TcpStream, runtime, sync::oneshot, time::sleep};

/// A listener at work. Dropping it ends the thread and everything it serves.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves each connection as `serve` does, on a thread of this name.
    pub(crate) fn start<Served>(
        name: &str,
        listener: TcpListener,
        serve: impl Fn(TcpStream) -> Served + Send + 'static,
    ) -> io::Result<Self>
    where
        Served: Future<Output = ()> + Send + 'static,
    {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    _ = accept(listener, serve) => {}
                }
            });
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Dropping the sender is the signal; waiting for the thread makes sure that the port is free again.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An address that is taken but not listened on: connections to it are refused, and no other socket, a client's own
/// included, is given its port.
#[derive(Debug)]
pub(crate) struct HeldAddress(Socket);

impl HeldAddress {
    pub(crate) fn hold(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // As the listener has it: connections of before may still be in their last state.
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        Ok(Self(socket))
    }

    pub(crate) fn listen(self) -> io::Result<TcpListener> {
        self.0.listen(1024)?;
        Ok(self.0.into())
    }
}

async fn accept<Served>(listener: TcpListener, serve: impl Fn(TcpStream) -> Served) -> io::Result<()>
where
    Served: Future<Output = ()> + Send + 'static,
{
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream));
            }
            // Out of file descriptors, most likely: some of those in use will be given back.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}
