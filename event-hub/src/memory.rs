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
    /// The largest share: two thirds. Were it all, whoever needs it would wait for those who hold a little and wait
    /// themselves.
    largest: u32,
}

impl Memory {
    /// A bound of so many bytes.
    pub fn new(bytes: u32) -> Self {
        Self { free: Arc::new(Semaphore::new(bytes as usize)), largest: bytes - bytes / 3 }
    }

    /// Waits until so many bytes are free, first come, first served. More than two thirds of the bound count as these.
    pub async fn reserve(&self, bytes: usize) -> Reserved {
        Reserved { held: Some(self.acquire(bytes).await), memory: self.clone() }
    }

    async fn acquire(&self, bytes: usize) -> OwnedSemaphorePermit {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.largest);
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
    /// `None` where it is of no bytes.
    held: Option<OwnedSemaphorePermit>,
    memory: Memory,
}

impl Reserved {
    /// Makes the share this large: gives back at once what is too much, or waits for what is missing.
    pub async fn resize(&mut self, bytes: usize) {
        let (bytes, held) = (bytes.min(self.memory.largest as usize), self.bytes());
        if bytes < held {
            drop(self.split(held - bytes));
        } else {
            let more = self.memory.acquire(bytes - held).await;
            match &mut self.held {
                Some(held) => held.merge(more),
                None => self.held = Some(more),
            }
        }
    }

    /// A share of its own for so many of its bytes, or for all.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes());
        Self { held: self.held.as_mut().and_then(|held| held.split(bytes)), memory: self.memory.clone() }
    }

    fn bytes(&self) -> usize {
        self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_given_back_is_there_for_the_next() {
        let memory = Memory::new(150);
        let mut first = memory.reserve(80).await;
        assert!(memory.reserve(80).now_or_never().is_none(), "only 70 are free");
        first.resize(60).await;
        let second = memory.reserve(80).await;
        assert!(first.resize(90).now_or_never().is_none(), "10 are free, 30 are missing");
        drop(second);
        first.resize(1_000).await;
        assert!(memory.reserve(51).now_or_never().is_none(), "it has two thirds");
        drop(first);
        memory.reserve(100).await;
    }

    #[tokio::test]
    async fn a_part_can_outlive_the_whole() {
        let memory = Memory::new(150);
        let mut whole = memory.reserve(80).await;
        let part = whole.split(60);
        drop(whole);
        assert!(memory.reserve(91).now_or_never().is_none(), "60 are taken");
        drop(part);
        let mut whole = memory.reserve(80).await;
        drop(whole.split(1_000));
        whole.resize(100).await;
        assert!(memory.reserve(51).now_or_never().is_none(), "it has two thirds again");
    }
}
