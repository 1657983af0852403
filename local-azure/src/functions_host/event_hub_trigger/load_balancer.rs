//! Which partition a host takes next, so that hosts that know nothing of one another share them evenly.
//!
//! The rules are those of `PartitionLoadBalancer` with its greedy strategy: what nobody has is taken at once, and what
//! others have too much of is stolen.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::checkpoint_store::Ownership;

/// Each partition with its owner, as far as one is known.
pub(super) type Ownerships = BTreeMap<String, Option<Ownership>>;

/// How a host looks at the ownerships.
#[derive(Debug)]
pub(super) struct LoadBalancer {
    pub(super) host: String,
    /// When an owner that is silent doesn't count any more.
    pub(super) expiration: Duration,
}

impl LoadBalancer {
    /// The partitions of this host.
    pub(super) fn owned(&self, ownerships: &Ownerships, now: SystemTime) -> Vec<String> {
        let owned = ownerships.iter().filter(|(_, ownership)| self.owner(ownership.as_ref(), now) == Some(&self.host));
        owned.map(|(partition, _)| partition.clone()).collect()
    }

    /// A partition that this host should take; `None` when it has its share.
    pub(super) fn next_claim(&self, ownerships: &Ownerships, now: SystemTime) -> Option<String> {
        let mut by_owner: BTreeMap<&str, Vec<&String>> = BTreeMap::from([(self.host.as_str(), Vec::new())]);
        let mut unclaimed = Vec::new();
        for (partition, ownership) in ownerships {
            match self.owner(ownership.as_ref(), now) {
                Some(owner) => by_owner.entry(owner).or_default().push(partition),
                None => unclaimed.push(partition),
            }
        }
        let minimum = ownerships.len() / by_owner.len();
        let ours = by_owner.remove(self.host.as_str()).map_or(0, |ours| ours.len());
        if ours > minimum {
            return None;
        }
        if !unclaimed.is_empty() {
            return any(&unclaimed);
        }
        let richest = by_owner.values().max_by_key(|partitions| partitions.len())?;
        let enough_for_us = if ours < minimum { minimum } else { minimum + 1 };
        if richest.len() > enough_for_us { any(richest) } else { None }
    }

    fn owner<'a>(&self, ownership: Option<&'a Ownership>, now: SystemTime) -> Option<&'a String> {
        let ownership = ownership.filter(|ownership| !ownership.owner.is_empty())?;
        let age = now.duration_since(ownership.modified).unwrap_or_default();
        (age < self.expiration).then_some(&ownership.owner)
    }
}

fn any(partitions: &[&String]) -> Option<String> {
    fastrand::choice(partitions).map(|partition| (*partition).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn ownerships(owners: &[&str]) -> Ownerships {
        let modified = SystemTime::UNIX_EPOCH + NOW;
        let owned = |owner: &&str| {
            let tag = String::new();
            (**owner != *"-").then(|| Ownership { owner: (*owner).to_owned(), tag, modified })
        };
        owners.iter().enumerate().map(|(number, owner)| (number.to_string(), owned(owner))).collect()
    }

    fn balancer() -> LoadBalancer {
        LoadBalancer { host: "us".to_owned(), expiration: Duration::from_secs(10) }
    }

    fn claim(owners: &[&str], later: u64) -> Option<String> {
        let now = SystemTime::UNIX_EPOCH + NOW + Duration::from_secs(later);
        balancer().next_claim(&ownerships(owners), now)
    }

    #[test]
    fn a_host_alone_takes_all() {
        for owners in [&["-", "us"][..], &["", "us"]] {
            assert_eq!(claim(owners, 0).as_deref(), Some("0"), "{owners:?}");
        }
        assert_eq!(claim(&["us", "us"], 0), None);
        assert_eq!(claim(&[], 0), None);
    }

    #[test]
    fn a_host_takes_its_share_of_what_others_have() {
        assert!(claim(&["a", "a", "a", "a"], 0).is_some());
        assert!(claim(&["a", "a", "a", "us"], 0).is_some());
        assert_eq!(claim(&["a", "a", "us", "us"], 0), None);
        // Fair enough: one has one more.
        assert_eq!(claim(&["a", "a", "us"], 0), None);
        assert_eq!(claim(&["a", "b"], 0), None);
        assert_eq!(claim(&["a", "b", "b", "us", "a"], 0), None);
        // What nobody has goes to those who have the least.
        assert_eq!(claim(&["us", "us", "a", "-"], 0).as_deref(), Some("3"));
        assert_eq!(claim(&["us", "us", "us", "a", "-"], 0), None);
    }

    #[test]
    fn a_host_that_is_silent_loses_all() {
        assert_eq!(claim(&["a"], 9), None);
        assert_eq!(claim(&["a"], 10).as_deref(), Some("0"));
        let now = SystemTime::UNIX_EPOCH + NOW;
        assert_eq!(balancer().owned(&ownerships(&["us", "a", "-"]), now), ["0"]);
    }
}
