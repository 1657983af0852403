//! Nodes that answer: a client attaches a link to ask and a link to be answered on, in one session, and matches answers
//! to questions by message id. `$cbs` and `$management` work this way.

use time::OffsetDateTime;

use super::{
    client::Client,
    incoming::Responder,
    management,
    outgoing::{Origin, Outgoing},
    service::Service,
};
use crate::amqp::{
    cbs,
    message::{AmqpMessage, decode, encode},
    refusal::Refusal,
};

/// Reads a request, and answers it.
pub(super) fn answer(
    responder: &Responder,
    request: &[u8],
    client: &Client,
) -> Result<(AmqpMessage, AmqpMessage), Refusal> {
    let request = decode(request).ok_or_else(|| Refusal::new("amqp:decode-error", "The request can't be read."))?;
    let reply = match responder {
        Responder::Tokens => {
            let Service { config, faults, .. } = &*client.service;
            cbs::answer(&request, config.policy(), faults.token_answer(), &client.grants).into_message(&request)
        }
        Responder::Management(entity) => {
            management::answer(&request, entity, OffsetDateTime::now_utc()).into_message(&request)
        }
    };
    Ok((request, reply))
}

/// Gives a reply to the link that the request names. Where it names none, the newest is meant: clients don't share
/// sessions between conversations.
pub(super) fn send<'a>(
    reply: &AmqpMessage,
    request: &AmqpMessage,
    responder: &Responder,
    links: impl DoubleEndedIterator<Item = &'a mut Outgoing>,
) -> Result<(), Refusal> {
    let reply_to = request.properties.as_ref().and_then(|properties| properties.reply_to.as_deref());
    let mut newest = None;
    for link in links.rev() {
        if let Origin::Replies { by, names, waiting } = &mut link.origin
            && by == responder
        {
            if names.iter().any(|name| Some(name.as_str()) == reply_to) {
                newest = Some(waiting);
                break;
            }
            newest = newest.or(Some(waiting));
        }
    }
    if let Some(waiting) = newest {
        waiting.push_back(encode(reply.clone())?);
    }
    Ok(())
}
