//! What an address means. Clients write addresses with or without a scheme and a host, and keywords in any case.

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

/// The path of an address, segment by segment.
pub(super) fn segments(address: &str) -> impl Iterator<Item = &str> {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => address,
    };
    path.split('/').filter(|segment| !segment.is_empty())
}

/// The host of an address, if it has one, without its port: clients disagree on whether it belongs there.
pub(super) fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split('/').next()?;
    Some(authority.rsplit_once(':').map_or(authority, |(host, _)| host))
}

/// Whether the path of `address` is that of `scope` or below it.
pub(super) fn is_within(address: &str, scope: &str) -> bool {
    let mut below = segments(address);
    segments(scope).all(|segment| below.next().is_some_and(|other| other.eq_ignore_ascii_case(segment)))
}

#[cfg(test)]
mod tests {
    use super::{Node, host, is_within};

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

    #[test]
    fn a_scope_covers_whole_segments_only() {
        assert!(is_within("twins/Partitions/1", "sb://host/Twins"));
        assert!(is_within("twins", "sb://host/"));
        assert!(!is_within("twins2", "twins"));
        assert!(!is_within("twins", "twins/Partitions/1"));
    }

    #[test]
    fn a_host_is_known_without_its_port() {
        assert_eq!(host("sb://127.0.0.1:5672/twins"), Some("127.0.0.1"));
        assert_eq!(host("amqps://127.0.0.1"), Some("127.0.0.1"));
        assert_eq!(host("twins"), None);
    }
}
