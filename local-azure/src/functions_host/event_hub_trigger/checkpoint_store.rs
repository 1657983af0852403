//! What outlives a host: how far each partition has been read, and which host has it.
//!
//! Container, names and metadata are those of the real extension (`BlobCheckpointStoreInternal`), so that its tools can
//! read them: `azure-webjobs-eventhub/<namespace>/<hub>/<consumer group>/{checkpoint,ownership}/<partition>`.

use std::sync::Arc;
use std::time::SystemTime;

use super::super::blob::{BlobError, BlobStore};
use super::super::blob_path::BlobName;
use super::super::shared_key::Condition;

const CONTAINER: &str = "azure-webjobs-eventhub";

/// The checkpoints and ownerships of a consumer group.
#[derive(Clone, Debug)]
pub(super) struct CheckpointStore {
    store: Arc<BlobStore>,
    /// `<namespace>/<hub>/<consumer group>`
    prefix: String,
}

/// How far a partition has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) offset: Option<String>,
    pub(super) sequence_number: Option<i64>,
}

/// Which host has a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ownership {
    /// Empty if it gave the partition away.
    pub(super) owner: String,
    pub(super) tag: String,
    pub(super) modified: SystemTime,
}

impl CheckpointStore {
    pub(super) fn new(store: Arc<BlobStore>, namespace: &str, hub: &str, consumer_group: &str) -> Self {
        Self { store, prefix: format!("{namespace}/{hub}/{consumer_group}").to_lowercase() }
    }

    fn name(&self, kind: &str, partition: &str) -> BlobName {
        BlobName { container: CONTAINER.to_owned(), blob: format!("{}/{kind}/{partition}", self.prefix) }
    }

    pub(super) async fn checkpoint(&self, partition: &str) -> Result<Option<Checkpoint>, BlobError> {
        let blob = self.store.read_metadata(&self.name("checkpoint", partition)).await?;
        Ok(blob.map(|mut blob| Checkpoint {
            offset: blob.metadata.remove("offset").filter(|offset| !offset.is_empty()),
            sequence_number: blob.metadata.get("sequencenumber").and_then(|number| number.parse().ok()),
        }))
    }

    pub(super) async fn write_checkpoint(
        &self,
        partition: &str,
        offset: &str,
        sequence_number: i64,
        host: &str,
    ) -> Result<(), BlobError> {
        let number = sequence_number.to_string();
        let metadata =
            [("x-ms-meta-offset", offset), ("x-ms-meta-sequencenumber", &number), ("x-ms-meta-clientidentifier", host)];
        self.store.write_metadata(&self.name("checkpoint", partition), &metadata, Condition::None).await.map(|_| ())
    }

    pub(super) async fn ownership(&self, partition: &str) -> Result<Option<Ownership>, BlobError> {
        let blob = self.store.read_metadata(&self.name("ownership", partition)).await?;
        Ok(blob.map(|mut blob| Ownership {
            owner: blob.metadata.remove("ownerid").unwrap_or_default(),
            tag: blob.tag,
            modified: blob.modified,
        }))
    }

    /// Makes a host the owner of a partition unless somebody was faster than what was read: `false` then.
    pub(super) async fn claim(
        &self,
        partition: &str,
        known: Option<&Ownership>,
        owner: &str,
    ) -> Result<bool, BlobError> {
        let condition = known.map_or(Condition::IsNew, |known| Condition::IsStill(&known.tag));
        self.store.write_metadata(&self.name("ownership", partition), &[("x-ms-meta-ownerid", owner)], condition).await
    }
}
