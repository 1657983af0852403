//! A handler that runs and answers.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    connection::Connection,
    process::{self, Part},
};

/// How long a handler may take to answer for the first time.
const TIMEOUT: Duration = Duration::from_secs(60);

/// It ends when it is dropped.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
    /// When it was started.
    pub exec: Instant,
    /// From then until it answered for the first time.
    pub first_answer: Duration,
}

impl Running {
    /// Starts a handler as the host does, and waits until it answers `GET /`.
    pub fn start(mut command: Command, connection_string: &str) -> Self {
        let address = free_address();
        command.env("FUNCTIONS_CUSTOMHANDLER_PORT", address.port().to_string()).env("EVENT_HUB", connection_string);
        // The host reads what a handler logs; so does this process.
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let exec = Instant::now();
        let mut child = process::spawn(&mut command, Part::Contender);
        let mut stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let mut running = Self { child, address, exec, first_answer: Duration::ZERO };
        while running.ask("GET", "/").is_err() {
            assert!(exec.elapsed() < TIMEOUT, "{command:?} does not answer; see target/bench/logs");
            std::thread::sleep(Duration::from_micros(100));
        }
        running.first_answer = exec.elapsed();
        running
    }

    /// Makes the floor wait so long before it answers.
    pub fn wait(&self, milliseconds: u64) {
        assert_eq!(self.ask("POST", &format!("/delay/{milliseconds}")).unwrap(), 200);
    }

    /// The status that is answered to a request without a body.
    pub fn ask(&self, method: &str, path: &str) -> io::Result<u16> {
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Connection::open(self.address)?.exchange(request.as_bytes())
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // As the host ends a handler.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).unwrap()
}
