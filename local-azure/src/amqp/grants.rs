//! What a connection may use: one grant for each token that was accepted on it.

use parking_lot::Mutex;
use time::OffsetDateTime;

use super::address::{is_within, segments};

/// The grants of one connection.
#[derive(Debug, Default)]
pub(crate) struct Grants(Mutex<Vec<Grant>>);

#[derive(Debug)]
struct Grant {
    audience: String,
    /// `None` for tokens whose expiry isn't looked at.
    expires: Option<OffsetDateTime>,
}

impl Grants {
    /// Grants an audience and everything below it.
    pub(crate) fn add(&self, audience: &str, expires: Option<OffsetDateTime>) {
        let mut grants = self.0.lock();
        // Clients renew their tokens for as long as they live.
        grants.retain(|grant| grant.audience != audience);
        grants.push(Grant { audience: audience.to_owned(), expires });
    }

    /// Takes everything back.
    pub(crate) fn expire(&self) {
        self.0.lock().clear();
    }

    /// Whether an address lies within what was granted.
    pub(crate) fn cover(&self, address: &str) -> bool {
        self.any(|audience| is_within(address, audience))
    }

    /// Whether a hub may be asked about: clients get a token for the hub or for its management node.
    pub(crate) fn cover_management_of(&self, hub: &str) -> bool {
        self.any(|audience| segments(audience).next().is_none_or(|granted| granted.eq_ignore_ascii_case(hub)))
    }

    fn any(&self, matches: impl Fn(&str) -> bool) -> bool {
        let now = OffsetDateTime::now_utc();
        self.0.lock().iter().any(|grant| grant.expires.is_none_or(|expires| expires > now) && matches(&grant.audience))
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime};

    use super::Grants;

    #[test]
    fn a_grant_covers_what_is_below_it_until_it_expires() {
        let grants = Grants::default();
        assert!(!grants.cover_management_of("twins"));
        grants.add("sb://host/twins/Partitions/1", Some(OffsetDateTime::now_utc() + Duration::minutes(1)));
        assert!(grants.cover("twins/Partitions/1"));
        assert!(!grants.cover("twins"));
        assert!(grants.cover_management_of("twins"));
        assert!(!grants.cover_management_of("other"));

        grants.add("sb://host/twins/Partitions/1", Some(OffsetDateTime::now_utc() - Duration::minutes(1)));
        assert!(!grants.cover("twins/Partitions/1"));

        grants.add("sb://host/twins", None);
        assert!(grants.cover("twins/Partitions/1"));
        grants.expire();
        assert!(!grants.cover("twins"));
    }
}
