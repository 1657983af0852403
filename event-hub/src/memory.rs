//! One bound for the memory of all that waits.
//!
//! With a hub that does not answer, events pile up: each waits for its whole time. Whoever holds bytes on their way to
//! the hub reserves them here first, from before they are read until the hub has answered.

use std::{future::pending, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes that may be in memory at once. Clones share them.
#[derive(Debug, Clone)]
pub struct Memory {
    free: Arc<Semaphore>,
    bytes: u32,
}

impl Memory {
    /// A bound of so many bytes.
    pub fn new(bytes: u32) -> Self {
        Self { free: Arc::new(Semaphore::new(bytes as usize)), bytes }
    }

    /// Waits until so many bytes are free, first come, first served. More than the bound count as all of it.
    pub async fn reserve(&self, bytes: usize) -> Reserved {
        Reserved { held: self.acquire(bytes).await, memory: self.clone() }
    }

    async fn acquire(&self, bytes: usize) -> OwnedSemaphorePermit {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.bytes);
        match Arc::clone(&self.free).acquire_many_owned(bytes).await {
            Ok(permit) => permit,
            // Only of a semaphore that is closed, which nobody does.
            Err(_) => pending().await,
        }
    }
}

/// A share of the memory, given back when dropped.
#[derive(Debug)]
pub struct Reserved {
    held: OwnedSemaphorePermit,
    memory: Memory,
}

impl Reserved {
    /// Makes the share this large: gives back at once what is too much, or waits for what is missing.
    pub async fn resize(&mut self, bytes: usize) {
        let (bytes, held) = (bytes.min(self.memory.bytes as usize), self.held.num_permits());
        if bytes < held {
            drop(self.held.split(held - bytes));
        } else {
            self.held.merge(self.memory.acquire(bytes - held).await);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_given_back_is_there_for_the_next() {
        let memory = Memory::new(100);
        let mut first = memory.reserve(80).await;
        assert!(memory.reserve(30).now_or_never().is_none(), "only 20 are free");
        first.resize(60).await;
        let second = memory.reserve(30).await;
        assert!(first.resize(90).now_or_never().is_none(), "10 are free, 30 are missing");
        drop(second);
        first.resize(1_000).await;
        assert!(memory.reserve(1).now_or_never().is_none(), "it has all");
        drop(first);
        memory.reserve(100).await;
    }
}
