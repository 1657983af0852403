//! A link that a client attaches: is there such a node, may the client use it, and who serves it.

use std::sync::Arc;

use fe2o3_amqp::acceptor::{
    LinkAcceptor, LinkEndpoint, ListenerSessionHandle, SupportedReceiverSettleModes, error::AcceptorAttachError,
};
use fe2o3_amqp_types::{
    definitions::{ReceiverSettleMode, Role},
    messaging::TargetArchetype,
    performatives::Attach,
};

use super::{
    client::Client,
    consumer::{self, Subscription},
    ingest::{self, Destination},
    node::Node,
    readers::Reader,
    request_response::{ReplyLinks, Responder, serve_replies, serve_requests},
    start_position::StartPosition,
};
use crate::amqp::{product::product, refusal::Refusal};

/// What a link is for.
enum Purpose {
    Ask(Responder),
    BeAnswered { by: Responder, names: [String; 2] },
    Publish(Destination),
    Consume(Subscription),
}

/// Attaches a link and has it served, or refuses it.
pub(super) async fn attach(
    attach: Attach,
    session: &mut ListenerSessionHandle,
    client: &Arc<Client>,
    reply_links: &Arc<ReplyLinks>,
) {
    let purpose = purpose(&attach, client);
    let attach = if purpose.is_ok() { attach } else { without_node(attach) };
    // An attach that the protocol itself forbids has been answered already.
    let Ok(endpoint) = accept(attach, session, client.service.faults.max_message_size()).await else { return };
    let client = Arc::clone(client);
    match (endpoint, purpose) {
        (LinkEndpoint::Receiver(link), Ok(Purpose::Ask(responder))) => {
            tokio::spawn(serve_requests(link, responder, client, Arc::clone(reply_links)));
        }
        (LinkEndpoint::Sender(link), Ok(Purpose::BeAnswered { by, names })) => {
            tokio::spawn(serve_replies(link, reply_links.open(by, names)));
        }
        (LinkEndpoint::Receiver(link), Ok(Purpose::Publish(destination))) => {
            tokio::spawn(ingest::serve(link, destination, client));
        }
        (LinkEndpoint::Sender(link), Ok(Purpose::Consume(subscription))) => {
            tokio::spawn(consumer::serve(link, subscription));
        }
        (endpoint, Err(refusal)) => {
            tokio::spawn(refuse(endpoint, refusal));
        }
        // The purpose follows from the role, so the ends always fit.
        (_, Ok(_)) => {}
    }
}

fn purpose(attach: &Attach, client: &Client) -> Result<Purpose, Refusal> {
    match attach.role {
        Role::Sender => purpose_of_sender(address_of_target(attach), client),
        Role::Receiver => purpose_of_receiver(attach, client),
    }
}

fn purpose_of_sender(address: &str, client: &Client) -> Result<Purpose, Refusal> {
    let node = Node::parse(address).ok_or_else(|| Refusal::not_found(address))?;
    let (hub, partition) = match node {
        Node::Tokens => return Ok(Purpose::Ask(Responder::Tokens)),
        // Whether the client may, each request tells: there may be a token in it.
        Node::Management => return Ok(Purpose::Ask(Responder::Management)),
        Node::Hub { hub } => (hub, None),
        Node::Partition { hub, partition } => (hub, Some(partition)),
        Node::Subscription { .. } => return Err(Refusal::not_found(address)),
    };
    if !client.grants.cover(address) {
        return Err(Refusal::unauthorized("Send", address));
    }
    let hub = client.service.store.hub(hub).ok_or_else(|| Refusal::not_found(address))?;
    let unknown = || partition_out_of_range(hub.partitions.len());
    let partition = partition.map(|id| hub.partition(id).ok_or_else(unknown)).transpose()?;
    Ok(Purpose::Publish(Destination { address: address.to_owned(), hub, partition }))
}

fn partition_out_of_range(partitions: usize) -> Refusal {
    Refusal::new(
        "com.microsoft:argument-out-of-range",
        format!(
            "The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 \
             and {}.",
            partitions.saturating_sub(1)
        ),
    )
}

fn purpose_of_receiver(attach: &Attach, client: &Client) -> Result<Purpose, Refusal> {
    let source = attach.source.as_deref();
    let address = source.and_then(|source| source.address.as_deref()).unwrap_or_default();
    let be_answered =
        |by| Purpose::BeAnswered { by, names: [address_of_target(attach).to_owned(), attach.name.clone()] };
    let (hub, group, partition) = match Node::parse(address) {
        Some(Node::Tokens) => return Ok(be_answered(Responder::Tokens)),
        Some(Node::Management) => return Ok(be_answered(Responder::Management)),
        Some(Node::Subscription { hub, group, partition }) => (hub, group, partition),
        Some(Node::Hub { .. } | Node::Partition { .. }) | None => return Err(Refusal::not_found(address)),
    };
    if !client.grants.cover(address) {
        return Err(Refusal::unauthorized("Listen", address));
    }
    let not_found = || Refusal::not_found(address);
    let start = StartPosition::of(source)?;
    let hub = client.service.store.hub(hub).filter(|hub| hub.has_consumer_group(group)).ok_or_else(not_found)?;
    let number = hub.partition(partition).ok_or_else(not_found)?;
    let partition = Arc::clone(hub.partitions.get(number).ok_or_else(not_found)?);
    let place = hub.readers.admit(Reader::of(group, number, attach.properties.as_ref()))?;
    let from = partition.locate(&start);
    let tells_end = desires(attach, "com.microsoft:enable-receiver-runtime-metric");
    Ok(Purpose::Consume(Subscription { hub, partition, from, tells_end, place }))
}

fn desires(attach: &Attach, capability: &str) -> bool {
    let mut desired = attach.desired_capabilities.iter().flat_map(|capabilities| &capabilities.0);
    desired.any(|desired| desired.as_str() == capability)
}

fn address_of_target(attach: &Attach) -> &str {
    match attach.target.as_deref() {
        Some(TargetArchetype::Target(target)) => target.address.as_deref().unwrap_or_default(),
        None => "",
    }
}

/// The attach with nothing at its other end. Answered as it is, it tells the client that the link is refused and that the
/// reason comes with a detach: AMQP 1.0, part 2, section 2.6.3. A client that was told of a node would take the link for
/// open, and the detach for the end of a link that was good.
fn without_node(attach: Attach) -> Attach {
    match attach.role {
        Role::Sender => Attach { target: None, ..attach },
        Role::Receiver => Attach { source: None, ..attach },
    }
}

async fn accept(
    attach: Attach,
    session: &mut ListenerSessionHandle,
    max_message_size: u64,
) -> Result<LinkEndpoint, AcceptorAttachError> {
    let acceptor = LinkAcceptor::builder()
        // The Python client asks for the other mode and then ignores dispositions that are not settled.
        .supported_receiver_settle_modes(SupportedReceiverSettleModes::First)
        .fallback_receiver_settle_mode(ReceiverSettleMode::First)
        .properties(product());
    let acceptor = match attach.role {
        Role::Sender => acceptor.max_message_size(max_message_size),
        // What goes out has annotations that did not count when it came in.
        Role::Receiver => acceptor,
    };
    acceptor.build().accept_incoming_attach(attach, session).await
}

/// Closes a link with the reason. The library has given a sender credit by then, refused or not, and to the JavaScript
/// client that means an open link: it waits for an answer to what it sends until its own limit.
async fn refuse(endpoint: LinkEndpoint, refusal: Refusal) {
    // An error means that the client has gone already.
    let _ = match endpoint {
        LinkEndpoint::Receiver(link) => link.close_with_error(refusal).await,
        LinkEndpoint::Sender(link) => link.close_with_error(refusal).await,
    };
}
