//! A link that a client attaches: is there such a node, and may the client use it.

use std::sync::Arc;

use fe2o3_amqp_types::{
    definitions::{ReceiverSettleMode, Role, SenderSettleMode},
    messaging::TargetArchetype,
    performatives::Attach,
};

use super::{
    client::Client,
    incoming::{Destination, Responder},
    node::{Node, Path},
    outgoing::Origin,
    store::Entity,
};
use crate::amqp::{product::product, refusal::Refusal};

/// What a link is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The client sends.
    Incoming(Destination),
    /// The client receives.
    Outgoing(Origin),
}

/// Finds out what a link is for.
pub(super) fn purpose(attach: &Attach, client: &Client) -> Result<Purpose, Refusal> {
    match attach.role {
        Role::Sender => destination(address_of_target(attach), client).map(Purpose::Incoming),
        Role::Receiver => origin(attach, client).map(Purpose::Outgoing),
    }
}

fn destination(address: &str, client: &Client) -> Result<Destination, Refusal> {
    match Node::parse(address).ok_or_else(|| Refusal::not_found(address))? {
        Node::Tokens => Ok(Destination::Responder(Responder::Tokens)),
        Node::Management(path) => managed(path, address, client).map(Destination::Responder),
        Node::Entity(path) => {
            authorise("Send", address, client)?;
            let topic = match path {
                Path::Topic { topic } => client.service.store.topic(topic),
                Path::Subscription { .. } => None,
            };
            let topic = Arc::clone(topic.ok_or_else(|| Refusal::not_found(address))?);
            Ok(Destination::Topic { topic, address: address.to_owned() })
        }
    }
}

fn origin(attach: &Attach, client: &Client) -> Result<Origin, Refusal> {
    let source = attach.source.as_deref();
    let address = source.and_then(|source| source.address.as_deref()).unwrap_or_default();
    let names = || [address_of_target(attach).to_owned(), attach.name.clone()];
    match Node::parse(address).ok_or_else(|| Refusal::not_found(address))? {
        Node::Tokens => Ok(Origin::replies(Responder::Tokens, names())),
        Node::Management(path) => managed(path, address, client).map(|responder| Origin::replies(responder, names())),
        Node::Entity(path) => {
            authorise("Listen", address, client)?;
            let entity = entity(path, client).ok_or_else(|| Refusal::not_found(address))?;
            Ok(Origin::Entity { entity, keeps: attach.snd_settle_mode != SenderSettleMode::Settled })
        }
    }
}

fn managed(path: Path<'_>, address: &str, client: &Client) -> Result<Responder, Refusal> {
    authorise("Manage,EntityRead", address, client)?;
    entity(path, client).map(Responder::Management).ok_or_else(|| Refusal::not_found(address))
}

fn entity(path: Path<'_>, client: &Client) -> Option<Entity> {
    match path {
        Path::Subscription { topic, subscription, queue } => client.service.store.entity(topic, subscription, queue),
        Path::Topic { .. } => None,
    }
}

fn authorise(claim: &str, address: &str, client: &Client) -> Result<(), Refusal> {
    if client.grants.cover(address) { Ok(()) } else { Err(Refusal::unauthorized(claim, address)) }
}

fn address_of_target(attach: &Attach) -> &str {
    match attach.target.as_deref() {
        Some(TargetArchetype::Target(target)) => target.address.as_deref().unwrap_or_default(),
        None => "",
    }
}

/// The attach that answers a client's.
pub(super) fn accepted(attach: Attach, max_message_size: u64) -> Attach {
    let answer = Attach {
        unsettled: None,
        incomplete_unsettled: false,
        initial_delivery_count: None,
        max_message_size: None,
        offered_capabilities: None,
        desired_capabilities: None,
        properties: Some(product()),
        ..attach
    };
    match answer.role {
        // The Python client asks for the other mode and then ignores dispositions that are not settled.
        Role::Sender => Attach {
            role: Role::Receiver,
            rcv_settle_mode: ReceiverSettleMode::First,
            max_message_size: Some(max_message_size),
            ..answer
        },
        Role::Receiver => Attach { role: Role::Sender, initial_delivery_count: Some(0), ..answer },
    }
}

/// The attach that answers a client's before the link is closed with the reason why there will be none: the end that is
/// ours is missing.
pub(super) fn refused(attach: Attach) -> Attach {
    let answer = accepted(attach, 0);
    match answer.role {
        Role::Sender => Attach { source: None, ..answer },
        Role::Receiver => Attach { target: None, ..answer },
    }
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp_types::messaging::{Source, Target};

    use super::{
        super::{config::Config, service::Service},
        *,
    };
    use crate::amqp::grants::Grants;

    fn client() -> Client {
        Client { service: Arc::new(Service::new(Config::default())), grants: Arc::new(Grants::default()) }
    }

    fn attach(role: Role, address: &str) -> Attach {
        let [source, target] = if role == Role::Sender { ["me", address] } else { [address, "me"] };
        let target = Target::builder().address(target).build();
        Attach {
            name: "link".to_owned(),
            handle: 0.into(),
            role,
            snd_settle_mode: SenderSettleMode::Unsettled,
            rcv_settle_mode: ReceiverSettleMode::Second,
            source: Some(Box::new(Source::builder().address(source).build())),
            target: Some(Box::new(TargetArchetype::Target(target))),
            unsettled: None,
            incomplete_unsettled: false,
            initial_delivery_count: None,
            max_message_size: None,
            offered_capabilities: None,
            desired_capabilities: None,
            properties: None,
        }
    }

    fn refusal(client: &Client, role: Role, address: &str) -> Option<String> {
        purpose(&attach(role, address), client).err().map(|refusal| refusal.condition().to_owned())
    }

    const BOTH: [Role; 2] = [Role::Sender, Role::Receiver];

    #[test]
    fn without_a_token_there_is_only_the_node_that_takes_tokens() {
        let client = client();
        for role in BOTH {
            assert_eq!(refusal(&client, role.clone(), "$cbs"), None);
            for address in ["twins", "twins/Subscriptions/bridge", "twins/Subscriptions/bridge/$management"] {
                let refusal = refusal(&client, role.clone(), address);
                assert_eq!(refusal.as_deref(), Some("amqp:unauthorized-access"), "{role:?} {address}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let client = client();
        client.grants.add("sb://localhost/", None);
        let not_found = Some("amqp:not-found".to_owned());
        for role in BOTH {
            let there = role == Role::Receiver;
            let entities = ["twins/Subscriptions/bridge", "twins/Subscriptions/bridge/$DeadLetterQueue"];
            for address in entities {
                assert_eq!(refusal(&client, role.clone(), address).is_none(), there, "{role:?} {address}");
                assert_eq!(refusal(&client, role.clone(), &format!("{address}/$management")), None, "{address}");
            }
            assert_eq!(refusal(&client, role.clone(), "twins").is_none(), !there);
            for address in ["other", "twins/Subscriptions/other", "twins/$management", "twins/elsewhere", ""] {
                assert_eq!(refusal(&client, role.clone(), address), not_found, "{role:?} {address}");
            }
        }
    }
}
