//! A client's connection: frames come in and go out, and are handed to the sessions that they belong to.
//!
//! One task owns all that is going on on a connection, so that no frame can overtake another. It waits for the next
//! frame, for room to write, for a change in what the subscriptions hold, for a lock to expire, and for the time to
//! send a sign of life.
//!
//! This speaks the protocol itself, where the Event Hubs endpoint leaves that to a library: the library's links name
//! their deliveries themselves, where clients want the lock token; they confirm every settlement, where a lock may be
//! lost; and they don't tell whether there is credit before a message has to be locked for it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fe2o3_amqp_types::{
    definitions::Error,
    performatives::{ChannelMax, Close, End, MaxFrameSize, Open, Performative},
};
use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::{Interval, interval},
};

use super::{
    client::Client,
    frame::{self, Frame, MAX_FRAME_SIZE, greet},
    outbox::Outbox,
    service::Service,
    session::Session,
};
use crate::amqp::{product::product, refusal::Refusal};

/// How many frames are read ahead.
const READ_AHEAD: usize = 16;

/// Serves a connection until it ends, or does to it what is to be done.
pub(super) async fn serve(stream: TcpStream, service: Arc<Service>) {
    let reception = service.faults.reception();
    let Some((mut stream, registration)) = service.connections.receive(stream, reception).await else { return };
    // An error here is a client that went away or speaks something else: nothing to tell anyone.
    if greet(&mut stream).await.is_err() {
        return;
    }
    let (reader, writer) = stream.into_split();
    let (sender, frames) = mpsc::channel(READ_AHEAD);
    // Apart from the rest: a client may read nothing while it writes, and must not be left to wait for us to read.
    let reading = tokio::spawn(read(reader, sender));
    let connection = Connection::new(Client { service, grants: registration.grants() });
    let closed_cleanly = connection.run(frames, writer).await;
    reading.abort();
    if closed_cleanly {
        registration.close_cleanly();
    }
}

async fn read(mut reader: OwnedReadHalf, frames: mpsc::Sender<Result<Frame, Error>>) {
    while let Ok(frame) = frame::next(&mut reader).await {
        if frames.send(frame).await.is_err() {
            return;
        }
    }
}

/// What is going on on a connection.
#[derive(Debug)]
struct Connection {
    client: Client,
    /// By channel.
    sessions: BTreeMap<u16, Session>,
    out: Outbox,
    /// When to send a sign of life, if the client wants any.
    heartbeat: Option<Interval>,
    /// Who has said goodbye.
    closed_by: Option<Closer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closer {
    Client,
    Service,
}

impl Connection {
    fn new(client: Client) -> Self {
        Self { client, sessions: BTreeMap::new(), out: Outbox::new(), heartbeat: None, closed_by: None }
    }

    /// Serves until the connection is closed or gone. Whether the client has closed it, as it should.
    async fn run(mut self, mut frames: mpsc::Receiver<Result<Frame, Error>>, mut writer: OwnedWriteHalf) -> bool {
        let service = Arc::clone(&self.client.service);
        let mut changes = service.changes.subscribe();
        loop {
            if let Err(refusal) = self.pump() {
                self.close(refusal.into());
            }
            if self.closed_by.is_some() && self.out.is_empty() {
                return self.closed_by == Some(Closer::Client);
            }
            tokio::select! {
                frame = frames.recv(), if self.closed_by.is_none() => match frame {
                    Some(Ok(frame)) => if let Err(refusal) = self.take(frame) {
                        self.close(refusal.into());
                    },
                    Some(Err(error)) => self.close(error),
                    None => return false,
                },
                written = writer.write(self.out.bytes()), if !self.out.is_empty() => match written {
                    Ok(count) => self.out.sent(count),
                    // Some close and don't wait for the answer.
                    Err(_) => return self.closed_by == Some(Closer::Client),
                },
                // What changed is seen when it pumps.
                _ = changes.changed() => {}
                () = service.next_expiry() => {}
                () = tick(&mut self.heartbeat) => self.out.heartbeat(),
            }
        }
    }

    fn take(&mut self, Frame { channel, performative, payload }: Frame) -> Result<(), Refusal> {
        match performative {
            None => Ok(()),
            Some(Performative::Open(open)) => self.open(&open),
            Some(Performative::Begin(begin)) => {
                self.sessions.insert(channel, Session::begin(channel, &begin, &mut self.out)?);
                Ok(())
            }
            Some(Performative::End(_)) => {
                self.sessions.remove(&channel);
                self.out.send(channel, &Performative::End(End { error: None }))
            }
            Some(Performative::Close(_)) => {
                self.closed_by = Some(Closer::Client);
                self.out.send(0, &Performative::Close(Close { error: None }))
            }
            Some(performative) => match self.sessions.get_mut(&channel) {
                Some(session) => session.take(performative, &payload, &self.client, &mut self.out),
                None => Err(Refusal::new("amqp:not-allowed", format!("No session has the channel {channel}."))),
            },
        }
    }

    fn open(&mut self, open: &Open) -> Result<(), Refusal> {
        self.out.limit_frames(open.max_frame_size.0.min(MAX_FRAME_SIZE));
        self.heartbeat = open.idle_time_out.filter(|limit| *limit > 1).map(|limit| {
            // Twice as often as it must be.
            interval(Duration::from_millis(u64::from(limit / 2)))
        });
        let answer = Open {
            container_id: "local-azure".to_owned(),
            hostname: None,
            max_frame_size: MaxFrameSize(MAX_FRAME_SIZE),
            channel_max: ChannelMax(255),
            idle_time_out: Some(240_000),
            outgoing_locales: None,
            incoming_locales: None,
            offered_capabilities: None,
            desired_capabilities: None,
            properties: Some(product()),
        };
        self.out.send(0, &Performative::Open(answer))
    }

    fn pump(&mut self) -> Result<(), Refusal> {
        if self.closed_by.is_none() {
            for session in self.sessions.values_mut() {
                session.pump(&mut self.out)?;
            }
        }
        Ok(())
    }

    fn close(&mut self, error: Error) {
        self.closed_by = Some(Closer::Service);
        // Without the goodbye, the end of the connection must do.
        let _ = self.out.send(0, &Performative::Close(Close { error: Some(error) }));
    }
}

async fn tick(heartbeat: &mut Option<Interval>) {
    match heartbeat {
        Some(heartbeat) => {
            heartbeat.tick().await;
        }
        None => std::future::pending().await,
    }
}
