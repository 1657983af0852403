//! One connection to a handler, kept alive as the host keeps it. Blocking and without a library, so that what is
//! measured is the handler and not the client.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Longer than any answer takes; a handler that needs it hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { stream, buffer: vec![0; 16 * 1024] })
    }

    /// Sends a whole request and answers the status, with the text of the answer read to its end.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                return Err(io::Error::other("the answer is longer than any that is expected"));
            }
            let read = self.stream.read(&mut self.buffer[filled..])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(answer) = Answer::of(&self.buffer[..filled])
                && filled >= answer.length
            {
                return Ok(answer.status);
            }
        }
    }
}

struct Answer {
    status: u16,
    /// Of all of it.
    length: usize,
}

impl Answer {
    /// `None` until the head is complete.
    fn of(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&bytes[..end]).expect("a head of ASCII");
        let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        };
        let length: usize = head.lines().find_map(header).expect("every contender gives the length of its answer");
        Some(Self { status, length: end + length })
    }
}
