//! What an address means. Keywords may be written in any case.

use crate::amqp::address::segments;

/// The node that a link attaches to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node<'a> {
    /// `$cbs`, which takes tokens.
    Tokens,
    /// `$management` of an entity.
    Management(Path<'a>),
    /// An entity itself.
    Entity(Path<'a>),
}

/// Where an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path<'a> {
    /// A topic, to send to.
    Topic { topic: &'a str },
    /// One of the queues of a subscription, to receive from.
    Subscription { topic: &'a str, subscription: &'a str, queue: SubQueue },
}

/// One of the queues of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubQueue {
    /// What is to be received.
    Active,
    /// What was set aside.
    DeadLetter,
}

impl<'a> Node<'a> {
    pub(super) fn parse(address: &'a str) -> Option<Self> {
        let segments: Vec<&str> = segments(address).collect();
        match segments.as_slice() {
            [node] if is(node, "$cbs") => Some(Self::Tokens),
            [path @ .., node] if is(node, "$management") => Path::parse(path).map(Self::Management),
            path => Path::parse(path).map(Self::Entity),
        }
    }
}

impl<'a> Path<'a> {
    fn parse(segments: &[&'a str]) -> Option<Self> {
        match *segments {
            [topic] => Some(Self::Topic { topic }),
            [topic, keyword, subscription] if is(keyword, "Subscriptions") => {
                Some(Self::Subscription { topic, subscription, queue: SubQueue::Active })
            }
            [topic, keyword, subscription, queue] if is(keyword, "Subscriptions") && is(queue, "$DeadLetterQueue") => {
                Some(Self::Subscription { topic, subscription, queue: SubQueue::DeadLetter })
            }
            _ => None,
        }
    }
}

fn is(segment: &str, keyword: &str) -> bool {
    segment.eq_ignore_ascii_case(keyword)
}

#[cfg(test)]
mod tests {
    use super::{Node, Path, SubQueue};

    #[test]
    fn addresses_of_all_clients_are_understood() {
        let subscription = |queue| Path::Subscription { topic: "twins", subscription: "bridge", queue };
        let [active, dead] = [subscription(SubQueue::Active), subscription(SubQueue::DeadLetter)];
        let topic = Path::Topic { topic: "twins" };
        let cases = [
            ("$cbs", Some(Node::Tokens)),
            ("twins", Some(Node::Entity(topic))),
            ("amqps://localhost:5672/twins", Some(Node::Entity(topic))),
            ("twins/$management", Some(Node::Management(topic))),
            ("twins/Subscriptions/bridge", Some(Node::Entity(active))),
            ("sb://localhost/twins/subscriptions/bridge/$deadletterqueue", Some(Node::Entity(dead))),
            ("/twins/Subscriptions/bridge/$DeadLetterQueue/$management", Some(Node::Management(dead))),
            ("twins/Subscriptions/bridge/$management", Some(Node::Management(active))),
            ("twins/Subscriptions", None),
            ("twins/Subscriptions/bridge/$other", None),
            ("$management", None),
            ("", None),
        ];
        for (address, expected) in cases {
            assert_eq!(Node::parse(address), expected, "{address}");
        }
    }
}
