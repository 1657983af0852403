//! The hubs and what they hold.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use parking_lot::RwLock;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::{
    config::HubConfig,
    event::StoredEvent,
    partition::{End, Partition},
    partition_key::partition_of,
    readers::Readers,
};

const DEFAULT_GROUP: &str = "$Default";

/// All hubs of an endpoint.
#[derive(Debug)]
pub(super) struct Store {
    hubs: RwLock<Vec<Arc<Hub>>>,
    retention_bytes: usize,
}

/// One hub: its partitions, and who may read them.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) name: String,
    pub(super) created: OffsetDateTime,
    pub(super) partitions: Vec<Arc<Partition>>,
    pub(super) readers: Arc<Readers>,
    /// Cancelled when it is deleted.
    pub(super) deleted: CancellationToken,
    consumer_groups: Vec<String>,
    next: AtomicUsize,
}

impl Store {
    pub(super) fn new(hubs: &[HubConfig], retention_bytes: usize) -> Self {
        let hubs = hubs.iter().map(|hub| Arc::new(Hub::new(hub, retention_bytes))).collect();
        Self { hubs: RwLock::new(hubs), retention_bytes }
    }

    /// The hub of this name, in whatever case it is written.
    pub(super) fn hub(&self, name: &str) -> Option<Arc<Hub>> {
        self.hubs.read().iter().find(|hub| hub.name.eq_ignore_ascii_case(name)).cloned()
    }

    /// Deletes a hub and makes it again with so many partitions, all of them empty.
    pub(super) fn make_again(&self, name: &str, partitions: u32) {
        self.replace(name, |hub| {
            hub.deleted.cancel();
            let made = Hub::new(&HubConfig::new(&hub.name, partitions), self.retention_bytes);
            Hub { consumer_groups: hub.consumer_groups.clone(), ..made }
        });
    }

    /// Gives a hub more partitions, and keeps those that it has. Links stay attached.
    pub(super) fn add_partitions(&self, name: &str, more: u32) {
        self.replace(name, |hub| {
            let new = (0..more).map(|_| Arc::new(Partition::new(self.retention_bytes)));
            Hub {
                name: hub.name.clone(),
                created: hub.created,
                partitions: hub.partitions.iter().cloned().chain(new).collect(),
                readers: Arc::clone(&hub.readers),
                deleted: hub.deleted.clone(),
                consumer_groups: hub.consumer_groups.clone(),
                next: AtomicUsize::new(0),
            }
        });
    }

    fn replace(&self, name: &str, by: impl FnOnce(&Hub) -> Hub) {
        let mut hubs = self.hubs.write();
        if let Some(hub) = hubs.iter_mut().find(|hub| hub.name.eq_ignore_ascii_case(name)) {
            *hub = Arc::new(by(hub));
        }
    }
}

impl Hub {
    fn new(config: &HubConfig, retention_bytes: usize) -> Self {
        Self {
            name: config.name.clone(),
            created: OffsetDateTime::now_utc(),
            partitions: (0..config.partitions.max(1)).map(|_| Arc::new(Partition::new(retention_bytes))).collect(),
            readers: Arc::default(),
            deleted: CancellationToken::new(),
            consumer_groups: config.consumer_groups.clone(),
            next: AtomicUsize::new(0),
        }
    }

    /// The number of the partition with this id; an id is written as clients got it, without leading zeros.
    pub(super) fn partition(&self, id: &str) -> Option<usize> {
        (0..self.partitions.len()).find(|number| number.to_string() == id)
    }

    /// The partition for a transfer that names none: by its key, else the next in turn.
    pub(super) fn choose_partition(&self, key: Option<&str>) -> usize {
        match key {
            Some(key) => partition_of(key, self.partitions.len()),
            None => self.next.fetch_add(1, Ordering::Relaxed) % self.partitions.len(),
        }
    }

    pub(super) fn has_consumer_group(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(DEFAULT_GROUP)
            || self.consumer_groups.iter().any(|group| group.eq_ignore_ascii_case(name))
    }

    pub(super) fn events(&self) -> Vec<StoredEvent> {
        let stored = |(number, partition): (usize, &Arc<Partition>)| {
            let records = partition.read(0, usize::MAX);
            records.into_iter().filter_map(move |record| StoredEvent::of(number, &record)).collect::<Vec<_>>()
        };
        self.partitions.iter().enumerate().flat_map(stored).collect()
    }

    /// At most `limit` events of a partition from a sequence number on; none of a partition that does not exist.
    pub(super) fn read(&self, partition: usize, from: i64, limit: usize) -> Vec<StoredEvent> {
        let records = self.partitions.get(partition).map(|log| log.read(from, limit)).unwrap_or_default();
        records.iter().filter_map(|record| StoredEvent::of(partition, record)).collect()
    }

    pub(super) fn retained(&self) -> usize {
        self.partitions.iter().map(|log| log.retained()).sum()
    }

    pub(super) fn accepted(&self) -> u64 {
        self.partitions.iter().map(|log| log.end().next_sequence_number.unsigned_abs()).sum()
    }

    pub(super) fn transfers(&self) -> Vec<u64> {
        self.partitions.iter().map(|log| log.transfers()).collect()
    }

    /// Where the partition with this id ends.
    pub(super) fn end(&self, id: &str) -> Option<End> {
        self.partition(id).and_then(|number| self.partitions.get(number)).map(|log| log.end())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::event::Event, Hub, HubConfig};

    #[test]
    fn what_is_dropped_still_counts_as_accepted() {
        let hub = Hub::new(&HubConfig::new("twins", 2), 1);
        for partition in [0, 0, 1] {
            hub.partitions[partition].append(vec![Event { encoded: vec![0; 10], partition_key: None }]);
        }
        assert_eq!((hub.retained(), hub.accepted()), (2, 3));
    }

    #[test]
    fn keys_choose_partitions_and_the_rest_takes_turns() {
        let hub = Hub::new(&HubConfig::new("twins", 3), 1_000);
        let turns: Vec<_> = (0..4).map(|_| hub.choose_partition(None)).collect();
        assert_eq!(turns, [0, 1, 2, 0]);
        assert_eq!(hub.choose_partition(Some("GrindingStep")), hub.choose_partition(Some("GrindingStep")));
    }

    #[test]
    fn partitions_and_groups_are_known_by_name() {
        let mut config = HubConfig::new("twins", 2);
        config.consumer_groups.push("explorer".to_owned());
        let hub = Hub::new(&config, 1_000);
        assert_eq!(hub.partition("1"), Some(1));
        assert_eq!(hub.partition("2"), None);
        assert_eq!(hub.partition("01"), None);
        assert!(hub.has_consumer_group("$default"));
        assert!(hub.has_consumer_group("Explorer"));
        assert!(!hub.has_consumer_group("other"));
    }
}
