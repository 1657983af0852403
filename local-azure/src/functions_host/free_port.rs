//! A port for the handler, which is told its port before it can take it.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use uuid::Uuid;

/// Below the ports that systems give to those who ask for any: one of these could be given away, to a test or to an
/// outgoing connection, before the handler listens, and the host would take whoever listens there for the handler.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// Hosts of one process take turns; those of different processes begin at different places.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(Uuid::new_v4().as_fields().1));

/// A port of the loopback interface on which nobody listens now.
pub(super) fn free_port() -> io::Result<u16> {
    let mut last = io::ErrorKind::AddrInUse.into();
    for _ in 0..COUNT {
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => last = error,
        }
    }
    Err(last)
}
