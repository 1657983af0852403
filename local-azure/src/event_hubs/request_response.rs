//! Nodes that answer: a client attaches a link to ask and a link to be answered on, in one session, and matches answers
//! to questions by message id. `$cbs` and `$management` work this way.

use std::sync::Arc;

use fe2o3_amqp::{Receiver, Sendable, Sender};
use fe2o3_amqp_types::{messaging::Body, primitives::Value};
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{client::Client, management, service::Service};
use crate::amqp::{cbs, message::AmqpMessage, reply::Reply};

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Responder {
    Tokens,
    Management,
}

/// The links of a session on which clients want to be answered.
#[derive(Debug, Default)]
pub(super) struct ReplyLinks(Mutex<Vec<ReplyLink>>);

#[derive(Debug)]
struct ReplyLink {
    responder: Responder,
    /// What a request may call this link by: its target's address, or its name.
    names: [String; 2],
    replies: UnboundedSender<AmqpMessage>,
}

impl ReplyLinks {
    /// Makes a link known; what comes out of the channel is to be sent on it.
    pub(super) fn open(&self, responder: Responder, names: [String; 2]) -> UnboundedReceiver<AmqpMessage> {
        let (replies, to_send) = unbounded_channel();
        self.0.lock().push(ReplyLink { responder, names, replies });
        to_send
    }

    fn send(&self, responder: Responder, request: &AmqpMessage, reply: Reply) {
        let reply_to = request.properties.as_ref().and_then(|properties| properties.reply_to.as_deref());
        let mut links = self.0.lock();
        links.retain(|link| !link.replies.is_closed());
        let of_responder = || links.iter().rev().filter(|link| link.responder == responder);
        let named = of_responder().find(|link| link.names.iter().any(|name| Some(name.as_str()) == reply_to));
        // Where the request names no link, the newest is meant: clients don't share sessions between conversations.
        if let Some(link) = named.or_else(|| of_responder().next()) {
            let _ = link.replies.send(reply.into_message(request));
        }
    }
}

/// Answers the requests of one link until it goes away.
pub(super) async fn serve_requests(
    mut requests: Receiver,
    responder: Responder,
    client: Arc<Client>,
    reply_links: Arc<ReplyLinks>,
) {
    while let Ok(delivery) = requests.recv::<Body<Value>>().await {
        if requests.accept(&delivery).await.is_err() {
            return;
        }
        let request = delivery.message();
        let reply = match responder {
            Responder::Tokens => {
                let Service { config, faults, .. } = &*client.service;
                cbs::answer(request, config.policy(), faults.token_answer(), &client.grants)
            }
            Responder::Management => management::answer(request, &client),
        };
        reply_links.send(responder, request, reply);
    }
}

/// Sends what is to be sent on a link until it goes away.
pub(super) async fn serve_replies(mut link: Sender, mut replies: UnboundedReceiver<AmqpMessage>) {
    loop {
        let reply = tokio::select! {
            reply = replies.recv() => reply,
            _ = link.on_detach() => None,
        };
        let Some(reply) = reply else { return };
        // Batchable only because it makes the transfer full length, which the Python client relies on.
        if link.send_batchable(Sendable::builder().message(reply).build()).await.is_err() {
            return;
        }
    }
}
