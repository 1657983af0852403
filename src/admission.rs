//! How many deliveries may be in memory at once.
//!
//! With a hub that does not answer, deliveries pile up: each waits for its whole time. So a body is read only when there
//! is a place to read into, and keeps a share of a fixed budget until it is answered. What finds no room in time fails,
//! and Event Grid keeps it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bodies that are being read at once. Of these nothing is known yet but that each has a limit.
const READERS: usize = 16;

/// The bytes of deliveries that may wait for the hub.
const MEMORY: usize = 128 * 1024 * 1024;

/// A delivery is in memory as its events and as what the events are taken from.
const COPIES: usize = 2;

/// The gate that every delivery passes.
#[derive(Debug)]
pub struct Admission {
    readers: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

impl Admission {
    /// Waits for a place to read a body into.
    pub async fn reader(&self) -> Reader<'_> {
        Reader { admission: self, place: take(&self.readers, 1).await }
    }
}

impl Default for Admission {
    fn default() -> Self {
        Self { readers: Arc::new(Semaphore::new(READERS)), memory: Arc::new(Semaphore::new(MEMORY)) }
    }
}

/// A place to read a body into.
#[derive(Debug)]
pub struct Reader<'a> {
    admission: &'a Admission,
    place: Option<OwnedSemaphorePermit>,
}

impl Reader<'_> {
    /// Makes the place free for the next body, as soon as there is memory to keep this one, of `bytes`.
    pub async fn admit(self, bytes: usize) -> Admitted {
        let admitted = Admitted(take(&self.admission.memory, (bytes * COPIES).min(MEMORY)).await);
        drop(self.place);
        admitted
    }
}

/// The share of memory that a delivery holds until it is answered.
#[derive(Debug)]
pub struct Admitted(#[allow(dead_code, reason = "given back when dropped")] Option<OwnedSemaphorePermit>);

/// The semaphores are never closed, so there is always a permit to come.
async fn take(semaphore: &Arc<Semaphore>, permits: usize) -> Option<OwnedSemaphorePermit> {
    let permits = u32::try_from(permits).unwrap_or(u32::MAX);
    Arc::clone(semaphore).acquire_many_owned(permits).await.ok()
}
