//! The events that a subscription still has to deliver: now, or later.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use time::UtcDateTime;
use tokio::{
    select,
    sync::{Notify, OwnedSemaphorePermit},
    time::{Instant, sleep_until},
};

use super::{event::Event, outcome::Failure};

/// An event that a subscription has not got rid of yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) event: Arc<Event>,
    /// When the topic took it.
    pub(super) since: Instant,
    /// How often it was tried in vain.
    pub(super) attempts: u32,
    /// How and when it failed the last time.
    pub(super) last_attempt: Option<(Failure, UtcDateTime)>,
    /// Its place in the subscription, free again when this is dropped.
    pub(super) _place: OwnedSemaphorePermit,
}

/// How many events there are in a queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    pub(super) ready: usize,
    pub(super) later: usize,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// The one that takes batches has something new to look at.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    ready: VecDeque<Pending>,
    /// By the time that they are due; the number tells those of the same instant apart.
    later: BTreeMap<(Instant, u64), Pending>,
    retries: u64,
}

impl Queue {
    pub(super) fn push(&self, pending: Pending) {
        self.waiting.lock().ready.push_back(pending);
        self.changed.notify_one();
    }

    pub(super) fn push_later(&self, due: Instant, batch: Vec<Pending>) {
        let mut waiting = self.waiting.lock();
        for pending in batch {
            waiting.retries += 1;
            let key = (due, waiting.retries);
            waiting.later.insert(key, pending);
        }
        drop(waiting);
        self.changed.notify_one();
    }

    pub(super) fn lengths(&self) -> Lengths {
        let waiting = self.waiting.lock();
        Lengths { ready: waiting.ready.len(), later: waiting.later.len() }
    }

    /// Takes what is ready, as soon as there is anything: at least one event, and more as long as they are not more
    /// than `max_events` and not larger than `max_bytes` together. They have the same number of attempts behind them,
    /// for a delivery says only one. Only one task may wait here at a time.
    pub(super) async fn next_batch(&self, max_events: usize, max_bytes: usize) -> Vec<Pending> {
        loop {
            let due = {
                let mut waiting = self.waiting.lock();
                waiting.wake(Instant::now());
                if !waiting.ready.is_empty() {
                    return waiting.take(max_events, max_bytes);
                }
                waiting.later.first_key_value().map(|(&(due, _), _)| due)
            };
            match due {
                Some(due) => select! { () = self.changed.notified() => {}, () = sleep_until(due) => {} },
                None => self.changed.notified().await,
            }
        }
    }
}

impl Waiting {
    fn wake(&mut self, now: Instant) {
        while let Some(first) = self.later.first_entry()
            && first.key().0 <= now
        {
            self.ready.push_back(first.remove());
        }
    }

    fn take(&mut self, max_events: usize, max_bytes: usize) -> Vec<Pending> {
        let mut batch: Vec<Pending> = Vec::new();
        // The brackets of the array; each event brings a comma.
        let mut bytes = 2;
        while let Some(next) = self.ready.front() {
            bytes += next.event.json.len() + 1;
            if let Some(first) = batch.first()
                && (batch.len() >= max_events || bytes > max_bytes || next.attempts != first.attempts)
            {
                break;
            }
            batch.extend(self.ready.pop_front());
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::event_grid::Schema;

    fn pending(id: &str, attempts: u32) -> Pending {
        let event = json!({"specversion": "1.0", "id": id, "source": "s", "type": id});
        let event = Arc::new(Event::new(Schema::CloudEvents, "", &event.to_string()).unwrap());
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        Pending { event, since: Instant::now(), attempts, last_attempt: None, _place: place }
    }

    async fn next(queue: &Queue) -> Vec<String> {
        queue.next_batch(3, 1_000_000).await.iter().map(|pending| pending.event.kind.clone()).collect()
    }

    #[tokio::test]
    async fn a_batch_has_one_number_of_attempts() {
        let queue = Queue::default();
        for (id, attempts) in [("a", 0), ("b", 0), ("c", 1), ("d", 1), ("e", 0), ("f", 0), ("g", 0), ("h", 0)] {
            queue.push(pending(id, attempts));
        }
        for batch in [vec!["a", "b"], vec!["c", "d"], vec!["e", "f", "g"], vec!["h"]] {
            assert_eq!(next(&queue).await, batch);
        }
    }

    #[tokio::test]
    async fn what_is_due_first_comes_first_and_not_before() {
        let queue = Queue::default();
        let now = Instant::now();
        let (sooner, later) = (now + Duration::from_millis(20), now + Duration::from_millis(40));
        queue.push_later(later, vec![pending("later", 2)]);
        queue.push_later(sooner, vec![pending("a", 1), pending("b", 1)]);
        assert_eq!((queue.lengths().ready, queue.lengths().later), (0, 3));
        assert_eq!(next(&queue).await, ["a", "b"]);
        assert!(Instant::now() >= sooner);
        assert_eq!(next(&queue).await, ["later"]);
        assert!(Instant::now() >= later);
    }
}
