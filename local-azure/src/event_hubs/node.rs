//! What an address means. Clients write addresses with or without a scheme and a host, and keywords in any case.

use crate::amqp::address::segments;

/// The node that a link attaches to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node<'a> {
    /// `$cbs`, which takes tokens.
    Tokens,
    /// `$management`, of the namespace or of a hub.
    Management,
    /// A hub, which chooses the partition for what is sent to it.
    Hub { hub: &'a str },
    /// A partition, to send to.
    Partition { hub: &'a str, partition: &'a str },
    /// A partition as seen by a consumer group, to receive from.
    Subscription { hub: &'a str, group: &'a str, partition: &'a str },
}

impl<'a> Node<'a> {
    pub(super) fn parse(address: &'a str) -> Option<Self> {
        let segments: Vec<&str> = segments(address).collect();
        let is = |segment: &str, keyword: &str| segment.eq_ignore_ascii_case(keyword);
        match *segments.as_slice() {
            [node] if is(node, "$cbs") => Some(Self::Tokens),
            [.., node] if is(node, "$management") => Some(Self::Management),
            [hub] => Some(Self::Hub { hub }),
            [hub, partitions, partition] if is(partitions, "Partitions") => Some(Self::Partition { hub, partition }),
            [hub, groups, group, partitions, partition]
                if is(groups, "ConsumerGroups") && is(partitions, "Partitions") =>
            {
                Some(Self::Subscription { hub, group, partition })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn addresses_of_all_clients_are_understood() {
        let partition = Node::Partition { hub: "twins", partition: "3" };
        let cases = [
            ("$cbs", Some(Node::Tokens)),
            ("$management", Some(Node::Management)),
            ("amqps://127.0.0.1/twins/$management", Some(Node::Management)),
            ("twins", Some(Node::Hub { hub: "twins" })),
            ("amqps://localhost/twins", Some(Node::Hub { hub: "twins" })),
            ("/twins/Partitions/3", Some(partition)),
            ("sb://localhost:5672/twins/partitions/3", Some(partition)),
            (
                "amqps://localhost:5672/twins/ConsumerGroups/$Default/Partitions/0",
                Some(Node::Subscription { hub: "twins", group: "$Default", partition: "0" }),
            ),
            ("twins/ConsumerGroups/$Default", None),
            ("", None),
            ("amqps://localhost", None),
        ];
        for (address, expected) in cases {
            assert_eq!(Node::parse(address), expected, "{address}");
        }
    }
}
