//! Addresses. Clients write them with or without a scheme and a host, and keywords in any case.

/// The path of an address, segment by segment.
pub(crate) fn segments(address: &str) -> impl Iterator<Item = &str> {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => address,
    };
    path.split('/').filter(|segment| !segment.is_empty())
}

/// The host of an address, if it has one, without its port: clients disagree on whether it belongs there.
pub(crate) fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split('/').next()?;
    Some(authority.rsplit_once(':').map_or(authority, |(host, _)| host))
}

/// Whether the path of `address` is that of `scope` or below it.
pub(crate) fn is_within(address: &str, scope: &str) -> bool {
    let mut below = segments(address);
    segments(scope).all(|segment| below.next().is_some_and(|other| other.eq_ignore_ascii_case(segment)))
}

#[cfg(test)]
mod tests {
    use super::{host, is_within};

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
