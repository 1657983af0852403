//! One queue: its messages in order, who has locked which, and for how long.
//!
//! It never asks what time it is: whoever uses it says so, which is how its tests make time pass.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use fe2o3_amqp_types::primitives::SimpleValue;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    message::{Lock, Queued},
    settlement::{DESCRIPTION, REASON, Settlement},
};
use crate::amqp::refusal::Refusal;

/// The messages of a queue.
#[derive(Debug)]
pub(super) struct Queue {
    lock_duration: Duration,
    /// `None` lets a message be delivered for ever.
    max_delivery_count: Option<u32>,
    messages: BTreeMap<i64, Queued>,
    /// Those of them that nobody has locked.
    available: BTreeSet<i64>,
    /// Those of them that somebody has locked, by the token of the lock.
    locked: HashMap<Uuid, (i64, OffsetDateTime)>,
}

/// The lock was never given, has expired, or its message is gone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LockLost;

impl From<LockLost> for Refusal {
    fn from(LockLost: LockLost) -> Self {
        Self::new(
            "com.microsoft:message-lock-lost",
            "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the \
             queue.",
        )
    }
}

impl Queue {
    pub(super) fn new(lock_duration: Duration, max_delivery_count: Option<u32>) -> Self {
        Self {
            lock_duration,
            max_delivery_count,
            messages: BTreeMap::new(),
            available: BTreeSet::new(),
            locked: HashMap::new(),
        }
    }

    pub(super) fn put(&mut self, message: Queued) {
        self.available.insert(message.sequence_number);
        self.messages.insert(message.sequence_number, message);
    }

    /// Locks the first message that is available.
    pub(super) fn lock(&mut self, now: OffsetDateTime) -> Option<(Queued, Lock)> {
        let number = self.available.pop_first()?;
        let message = self.messages.get(&number)?.clone();
        let lock = Lock { token: Uuid::new_v4(), until: now + self.lock_duration };
        self.locked.insert(lock.token, (number, lock.until));
        Some((message, lock))
    }

    /// Removes the first message that is available.
    pub(super) fn take(&mut self) -> Option<Queued> {
        let number = self.available.pop_first()?;
        self.messages.remove(&number)
    }

    /// Settles a locked message. What comes back goes to the dead-letter queue.
    pub(super) fn settle(
        &mut self,
        token: Uuid,
        settlement: Settlement,
        now: OffsetDateTime,
    ) -> Result<Option<Queued>, LockLost> {
        self.holds(token, now)?;
        let (number, _) = self.locked.remove(&token).ok_or(LockLost)?;
        match settlement {
            Settlement::Complete => {
                self.messages.remove(&number);
                Ok(None)
            }
            Settlement::Release => {
                self.available.insert(number);
                Ok(None)
            }
            Settlement::Abandon(changes) => {
                let message = self.messages.get_mut(&number).ok_or(LockLost)?;
                message.changes.extend(changes);
                Ok(self.count_failure(number))
            }
            Settlement::DeadLetter(changes) => {
                let mut message = self.messages.remove(&number).ok_or(LockLost)?;
                message.changes.extend(changes);
                Ok(Some(message))
            }
        }
    }

    /// Begins the time of a lock anew, and tells when it ends.
    pub(super) fn renew(&mut self, token: Uuid, now: OffsetDateTime) -> Result<OffsetDateTime, LockLost> {
        self.holds(token, now)?;
        let (_, until) = self.locked.get_mut(&token).ok_or(LockLost)?;
        *until = now + self.lock_duration;
        Ok(*until)
    }

    /// Frees what was locked for too long. What comes back goes to the dead-letter queue.
    pub(super) fn expire(&mut self, now: OffsetDateTime) -> Vec<Queued> {
        let mut expired = Vec::new();
        self.locked.retain(|_, (number, until)| {
            let goes_on = *until > now;
            if !goes_on {
                expired.push(*number);
            }
            goes_on
        });
        expired.into_iter().filter_map(|number| self.count_failure(number)).collect()
    }

    /// When the first of its locks expires.
    pub(super) fn next_expiry(&self) -> Option<OffsetDateTime> {
        self.locked.values().map(|(_, until)| *until).min()
    }

    /// All messages from a sequence number on, locked or not.
    pub(super) fn from(&self, sequence_number: i64) -> impl Iterator<Item = (&Queued, Option<Lock>)> {
        let locks: HashMap<i64, Lock> =
            self.locked.iter().map(|(&token, &(number, until))| (number, Lock { token, until })).collect();
        self.messages.range(sequence_number..).map(move |(number, message)| (message, locks.get(number).copied()))
    }

    fn holds(&self, token: Uuid, now: OffsetDateTime) -> Result<(), LockLost> {
        let holds = self.locked.get(&token).is_some_and(|(_, until)| *until > now);
        if holds { Ok(()) } else { Err(LockLost) }
    }

    /// A message that is no longer locked came to nothing once more: it is available again, or comes back when that was
    /// once too often.
    fn count_failure(&mut self, number: i64) -> Option<Queued> {
        let message = self.messages.get_mut(&number)?;
        message.delivery_count += 1;
        if self.max_delivery_count.is_none_or(|max| message.delivery_count < max) {
            self.available.insert(number);
            return None;
        }
        let mut message = self.messages.remove(&number)?;
        let description = format!("Message could not be consumed after {} delivery attempts.", message.delivery_count);
        let text = |name: &str, text: String| (name.to_owned(), SimpleValue::String(text));
        message.changes.push(text(REASON, "MaxDeliveryCountExceeded".to_owned()));
        message.changes.push(text(DESCRIPTION, description));
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const LOCK: Duration = Duration::from_secs(30);

    fn queue(messages: i64) -> Queue {
        let mut queue = Queue::new(LOCK, Some(3));
        for sequence_number in 1..=messages {
            queue.put(Queued {
                encoded: Arc::default(),
                sequence_number,
                enqueue_sequence_number: sequence_number,
                enqueued_time: START,
                delivery_count: 0,
                changes: Vec::new(),
            });
        }
        queue
    }

    fn lock(queue: &mut Queue, now: OffsetDateTime) -> Option<(i64, u32, Uuid)> {
        queue.lock(now).map(|(message, lock)| (message.sequence_number, message.delivery_count, lock.token))
    }

    fn abandon() -> Settlement {
        Settlement::Abandon(Vec::new())
    }

    fn numbers(queue: &Queue) -> Vec<i64> {
        queue.from(0).map(|(message, _)| message.sequence_number).collect()
    }

    #[test]
    fn a_locked_message_is_not_given_twice_and_a_completed_one_is_gone() {
        let mut queue = queue(2);
        let (first, _, token) = lock(&mut queue, START).unwrap();
        let (second, ..) = lock(&mut queue, START).unwrap();
        assert_eq!((first, second), (1, 2));
        assert_eq!(lock(&mut queue, START), None);

        assert!(queue.settle(token, Settlement::Complete, START).unwrap().is_none());
        assert_eq!(numbers(&queue), [2]);
        assert!(queue.settle(token, Settlement::Complete, START).is_err());
    }

    #[test]
    fn what_is_abandoned_comes_first_again_and_counts() {
        let mut queue = queue(2);
        let (_, _, token) = lock(&mut queue, START).unwrap();
        let seen = vec![("seen".to_owned(), SimpleValue::Bool(true))];
        assert!(queue.settle(token, Settlement::Abandon(seen.clone()), START).unwrap().is_none());
        let (message, lock) = queue.lock(START).unwrap();
        assert_eq!((message.sequence_number, message.delivery_count, message.changes), (1, 1, seen));
        assert_ne!(lock.token, token);
    }

    #[test]
    fn what_is_released_does_not_count() {
        let mut queue = queue(1);
        for _ in 0..5 {
            let (_, count, token) = lock(&mut queue, START).unwrap();
            assert_eq!(count, 0);
            assert!(queue.settle(token, Settlement::Release, START).unwrap().is_none());
        }
    }

    #[test]
    fn one_delivery_too_many_goes_to_the_dead_letters() {
        let mut queue = queue(1);
        for _ in 0..2 {
            let (_, _, token) = lock(&mut queue, START).unwrap();
            assert!(queue.settle(token, abandon(), START).unwrap().is_none());
        }
        let (_, count, token) = lock(&mut queue, START).unwrap();
        assert_eq!(count, 2);
        let dead = queue.settle(token, abandon(), START).unwrap().unwrap();
        assert_eq!(dead.delivery_count, 3);
        assert_eq!(dead.changes[0].1, SimpleValue::from("MaxDeliveryCountExceeded"));
        assert_eq!(numbers(&queue), [0; 0]);
    }

    #[test]
    fn a_lock_expires_and_the_delivery_counts() {
        let mut queue = queue(1);
        let (_, _, token) = lock(&mut queue, START).unwrap();
        assert_eq!(queue.next_expiry(), Some(START + LOCK));
        assert!(queue.expire(START + LOCK - Duration::from_millis(1)).is_empty());
        assert_eq!(lock(&mut queue, START), None);

        let late = START + LOCK;
        assert_eq!(queue.settle(token, Settlement::Complete, late).err(), Some(LockLost));
        assert_eq!(queue.renew(token, late), Err(LockLost));
        assert!(queue.expire(late).is_empty());
        assert_eq!(queue.next_expiry(), None);
        let (number, count, _) = lock(&mut queue, late).unwrap();
        assert_eq!((number, count), (1, 1));
        assert_eq!(queue.expire(late + LOCK).len() + queue.expire(late + LOCK).len(), 0);
        lock(&mut queue, late + LOCK).unwrap();
        assert_eq!(queue.expire(late + LOCK + LOCK).len(), 1);
    }

    #[test]
    fn a_renewed_lock_lasts_longer() {
        let mut queue = queue(1);
        let (_, _, token) = lock(&mut queue, START).unwrap();
        let later = START + Duration::from_secs(20);
        assert_eq!(queue.renew(token, later), Ok(later + LOCK));
        assert!(queue.expire(START + LOCK).is_empty());
        assert!(queue.settle(token, Settlement::Complete, START + LOCK).unwrap().is_none());
        assert_eq!(numbers(&queue), [0; 0]);
    }

    #[test]
    fn what_is_set_aside_comes_back_with_its_reason() {
        let mut queue = queue(2);
        let (_, _, token) = lock(&mut queue, START).unwrap();
        let reason = vec![(REASON.to_owned(), SimpleValue::from("bad"))];
        let dead = queue.settle(token, Settlement::DeadLetter(reason.clone()), START).unwrap().unwrap();
        assert_eq!((dead.sequence_number, dead.changes), (1, reason));
        assert_eq!(numbers(&queue), [2]);
    }

    #[test]
    fn what_is_taken_is_gone_at_once() {
        let mut queue = queue(2);
        assert_eq!(queue.take().map(|message| message.sequence_number), Some(1));
        assert_eq!(numbers(&queue), [2]);
        lock(&mut queue, START).unwrap();
        assert!(queue.take().is_none());
        assert!(queue.from(0).all(|(_, lock)| lock.is_some()));
    }
}
