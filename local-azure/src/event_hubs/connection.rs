//! A client's connection: TCP, SASL, and its sessions.
//!
//! Some settings here look odd and are there for the Python client, which reads fields by their position and fails when
//! a frame leaves out trailing nulls: a last field that is set keeps the frame at full length.

use std::sync::Arc;

use fe2o3_amqp::{
    acceptor::{
        ConnectionAcceptor, ListenerConnectionHandle, ListenerSessionHandle, SaslAcceptor, SessionAcceptor,
        sasl_acceptor::SaslServerFrame,
    },
    connection,
};
use fe2o3_amqp_types::{
    primitives::{Array, Symbol},
    sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse},
};
use tokio::net::TcpStream;

use super::{client::Client, link, request_response::ReplyLinks, service::Service};
use crate::amqp::product::{MECHANISMS, product};

/// Serves a connection until it ends, or does to it what is to be done.
pub(super) async fn serve(stream: TcpStream, service: Arc<Service>) {
    let reception = service.faults.reception();
    let Some((stream, registration)) = service.connections.receive(stream, reception).await else { return };
    // The client speaks first. Were it answered earlier, the segment could reach the Python client between its reading
    // TCP_MAXSEG and writing it back, with a value that has become too large to be written on loopback.
    if stream.peek(&mut [0]).await.is_err() {
        return;
    }
    // An error here is a client that went away or speaks something else: nothing to tell anyone.
    let Ok(mut connection) = acceptor().accept(stream).await else { return };
    let client = Arc::new(Client { service, grants: registration.grants(), connection: registration.id() });

    while let Some(session) = next_session(&mut connection).await {
        tokio::spawn(serve_session(session, Arc::clone(&client)));
    }
    // The library reports a client's proper close as an error of its own kind.
    if let Err(connection::Error::RemoteClosed) = connection.on_close().await {
        registration.close_cleanly();
    }
}

async fn next_session(connection: &mut ListenerConnectionHandle) -> Option<ListenerSessionHandle> {
    let incoming = connection.next_incoming_session().await?;
    let acceptor = SessionAcceptor::builder()
        .handle_max(255_u32)
        .incoming_window(5_000)
        .outgoing_window(5_000)
        .properties(product())
        .build();
    acceptor.accept_incoming_session(incoming, connection).await.ok()
}

async fn serve_session(mut session: ListenerSessionHandle, client: Arc<Client>) {
    let reply_links = Arc::new(ReplyLinks::default());
    while let Some(attach) = session.next_incoming_attach().await {
        link::attach(attach, &mut session, &client, &reply_links).await;
    }
}

fn acceptor() -> ConnectionAcceptor<(), AnyMechanism> {
    ConnectionAcceptor::builder()
        .container_id("local-azure")
        .max_frame_size(65_536)
        .channel_max(255)
        .idle_time_out(240_000_u32)
        .properties(product())
        .sasl_acceptor(AnyMechanism)
        .build()
}

/// The mechanisms that leave authorisation to `$cbs`.
#[derive(Clone, Debug)]
struct AnyMechanism;

impl SaslAcceptor for AnyMechanism {
    fn mechanisms(&self) -> Array<Symbol> {
        Array::from(MECHANISMS.map(Symbol::from).to_vec())
    }

    fn on_init(&mut self, _: SaslInit) -> SaslServerFrame {
        SaslServerFrame::Outcome(SaslOutcome { code: SaslCode::Ok, additional_data: None })
    }

    fn on_response(&mut self, _: SaslResponse) -> SaslServerFrame {
        // None of these mechanisms has a challenge to respond to.
        SaslServerFrame::Outcome(SaslOutcome { code: SaslCode::Sys, additional_data: None })
    }
}
