//! Events that were given up, in a blob.
//!
//! As in <https://learn.microsoft.com/azure/event-grid/manage-event-delivery#set-dead-letter-location>: a JSON array of
//! the events, each with some members more, at `SUBSCRIPTION/yyyy/M/d/H/guid.json` in the container.

use serde_json::Value;
use time::UtcDateTime;
use uuid::Uuid;

use super::{DeadLetters, Schema, event::written, members::Members, queue::Pending};
use crate::functions_host::{BlobError, BlobName, BlobStore, InvalidConnectionString};

/// Why an event was given up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    MaxDeliveryAttemptsExceeded,
    TimeToLiveExceeded,
    /// The endpoint's answer leaves no hope.
    UndeliverableDueToClientError,
}

/// An event that was given up.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) pending: Pending,
    pub(super) reason: Reason,
}

/// Where a subscription's dead letters go.
#[derive(Debug)]
pub(super) struct DeadLetterBox {
    store: BlobStore,
    container: String,
    schema: Schema,
    /// The subscription's name, as it is written in paths.
    folder: String,
}

impl DeadLetterBox {
    pub(super) fn new(
        destination: &DeadLetters,
        schema: Schema,
        subscription: &str,
    ) -> Result<Self, InvalidConnectionString> {
        let store = BlobStore::new(&destination.storage)?;
        Ok(Self { store, container: destination.container.clone(), schema, folder: subscription.to_uppercase() })
    }

    /// Writes all of them into one blob.
    pub(super) async fn write(&self, letters: &[Letter]) -> Result<(), BlobError> {
        let now = UtcDateTime::now();
        let hour = format!("{}/{}/{}/{}", now.year(), u8::from(now.month()), now.day(), now.hour());
        let blob = format!("{}/{hour}/{}.json", self.folder, Uuid::new_v4());
        let letters: Vec<_> = letters.iter().map(|letter| letter.content(self.schema).to_string()).collect();
        let name = BlobName { container: self.container.clone(), blob };
        self.store.write(&name, format!("[{}]", letters.join(",")).into_bytes()).await
    }
}

impl Letter {
    /// The event with the members that say what became of it, whose names are all lower case in a CloudEvent.
    fn content(&self, schema: Schema) -> Members {
        let Pending { event, attempts, last_attempt, .. } = &self.pending;
        // Always an object, for that is how it was written.
        let mut members: Members = serde_json::from_str(&event.json).unwrap_or_default();
        let mut add = |name: &str, value: Value| {
            let name = if schema == Schema::CloudEvents { name.to_lowercase() } else { name.to_owned() };
            members.insert(&name, value);
        };
        add("deadLetterReason", format!("{:?}", self.reason).into());
        add("deliveryAttempts", (*attempts).into());
        if let Some((failure, _)) = last_attempt {
            add("lastDeliveryOutcome", failure.outcome.into());
            if let Some(status) = failure.status {
                add("lastHttpStatusCode", status.as_u16().into());
            }
        }
        add("publishTime", written(event.published).into());
        if let Some((_, time)) = last_attempt {
            add("lastDeliveryAttemptTime", written(*time).into());
        }
        members
    }
}
