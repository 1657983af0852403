//! One bound for the memory of all that waits.
//!
//! With a hub that does not answer, events pile up: each waits for its whole time. Whoever holds bytes on their way to
//! the hub reserves them here first, from before they are read until the hub has answered.

use std::{future::pending, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes that may be in memory at once. Clones share them.
///
/// Whoever waits here for more may hold what others wait for. So one half is for whoever needs nothing yet, and the other
/// is given as a whole, to one at a time, who never waits again: somebody always comes to an end.
#[derive(Debug, Clone)]
pub struct Memory {
    free: Arc<Semaphore>,
    /// The bytes of that half.
    half: u32,
    /// The other half: one permit.
    spare: Arc<Semaphore>,
}

impl Memory {
    /// A bound of so many bytes.
    pub fn new(bytes: u32) -> Self {
        let half = bytes / 2;
        Self { free: Arc::new(Semaphore::new(half as usize)), half, spare: Arc::new(Semaphore::new(1)) }
    }

    /// Waits until so many bytes are free, first come, first served. More than half of the bound count as these.
    pub async fn reserve(&self, bytes: usize) -> Reserved {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.half);
        let held = acquire(&self.free, bytes).await;
        Reserved { held: Some(held), spare: None, memory: self.clone() }
    }
}

async fn acquire(permits: &Arc<Semaphore>, count: u32) -> OwnedSemaphorePermit {
    match Arc::clone(permits).acquire_many_owned(count).await {
        Ok(permit) => permit,
        // Only of a semaphore that is closed, which nobody does.
        Err(_) => pending().await,
    }
}

/// A share of the memory, given back when dropped.
#[derive(Debug)]
pub struct Reserved {
    /// `None` where it is of no bytes.
    held: Option<OwnedSemaphorePermit>,
    /// The spare half, which the shares that were split off since have too.
    spare: Option<Arc<OwnedSemaphorePermit>>,
    memory: Memory,
}

impl Reserved {
    /// Makes the share this large: gives back at once what is too much, or takes what is missing. If that is not there, waits
    /// for the spare half instead, which is enough for anything.
    pub async fn resize(&mut self, bytes: usize) {
        let held = self.bytes();
        if bytes < held {
            drop(self.split(held - bytes));
        } else if self.spare.is_none() {
            let missing = u32::try_from(bytes - held).unwrap_or(u32::MAX);
            match (Arc::clone(&self.memory.free).try_acquire_many_owned(missing), &mut self.held) {
                (Ok(more), Some(held)) => held.merge(more),
                (Ok(more), held) => *held = Some(more),
                (Err(_), held) => {
                    self.spare = Some(Arc::new(acquire(&self.memory.spare, 1).await));
                    *held = None;
                }
            }
        }
    }

    /// A share of its own for so many of its bytes, or for all.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes());
        let held = self.held.as_mut().and_then(|held| held.split(bytes));
        Self { held, spare: self.spare.clone(), memory: self.memory.clone() }
    }

    fn bytes(&self) -> usize {
        self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::join_all};

    use super::*;

    #[tokio::test]
    async fn what_is_given_back_is_there_for_the_next() {
        let memory = Memory::new(300);
        let mut first = memory.reserve(80).await;
        assert!(memory.reserve(80).now_or_never().is_none(), "only 70 are free");
        first.resize(60).await;
        let second = memory.reserve(80).await;
        first.resize(70).await;
        assert!(memory.reserve(1).now_or_never().is_none(), "all is taken");
        drop((first, second));
        drop(memory.reserve(1_000).await);
        memory.reserve(150).await;
    }

    #[tokio::test]
    async fn what_is_not_there_is_the_spare_half() {
        let memory = Memory::new(300);
        let (mut first, mut second) = (memory.reserve(80).await, memory.reserve(60).await);
        first.resize(1_000).await;
        assert_eq!(memory.free.available_permits(), 90, "it needs no other then");
        assert!(second.resize(200).now_or_never().is_none(), "one has it");
        first.resize(2_000).await;
        let part = first.split(10);
        drop(first);
        assert!(second.resize(200).now_or_never().is_none(), "a part of the first is left, and has it");
        drop(part);
        second.resize(200).await;
        second.resize(20).await;
        assert_eq!(memory.free.available_permits(), 150);
    }

    #[tokio::test]
    async fn a_part_can_outlive_the_whole() {
        let memory = Memory::new(300);
        let mut whole = memory.reserve(80).await;
        let part = whole.split(60);
        drop(whole);
        assert!(memory.reserve(91).now_or_never().is_none(), "60 are taken");
        drop(part);
        let mut whole = memory.reserve(80).await;
        drop(whole.split(1_000));
        whole.resize(100).await;
        assert!(memory.reserve(51).now_or_never().is_none(), "it has 100 again");
    }

    #[tokio::test]
    async fn those_who_need_more_do_not_wait_for_each_other() {
        let memory = Memory::new(240);
        let holders = std::iter::from_fn(|| memory.reserve(10).now_or_never()).take(12);
        let grown = holders.map(|mut holder| async move { holder.resize(20).await });
        assert!(join_all(grown).now_or_never().is_some(), "each is done as soon as it has what it needs");
    }
}
