//! The messages that an endpoint has not accepted yet.

use std::collections::{BTreeMap, HashSet};

use super::message::Message;

/// How many are held at the same time.
const MOST: usize = 64;

/// Messages in the order in which they happened. Those of one twin are in flight one at a time, so that one that must be
/// sent again is not overtaken by a later one; those of other twins need not wait for it.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    next_number: u64,
    waiting: BTreeMap<u64, Message>,
    in_flight: BTreeMap<u64, Message>,
    /// Those of the messages in flight.
    twins: HashSet<String>,
}

impl Unsettled {
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() + self.in_flight.len() < MOST
    }

    pub(super) fn add(&mut self, message: Message) {
        self.waiting.insert(self.next_number, message);
        self.next_number += 1;
    }

    /// The next message that may be sent, which is in flight from now on, and its number.
    pub(super) fn next(&mut self) -> Option<(u64, &Message)> {
        let (&number, _) = self.waiting.iter().find(|(_, message)| !self.twins.contains(&message.twin))?;
        let message = self.waiting.remove(&number)?;
        self.twins.insert(message.twin.clone());
        Some((number, self.in_flight.entry(number).or_insert(message)))
    }

    /// Forgets a message in flight: it is done.
    pub(super) fn settle(&mut self, number: u64) {
        if let Some(message) = self.in_flight.remove(&number) {
            self.twins.remove(&message.twin);
        }
    }

    /// Takes back all that is in flight, to be sent again.
    pub(super) fn take_back(&mut self) {
        self.waiting.append(&mut self.in_flight);
        self.twins.clear();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::digital_twins::notification::{Kind, Notification};

    fn unsettled(twins: &[&str]) -> Unsettled {
        let mut unsettled = Unsettled::default();
        for twin in twins {
            let (twin, time) = ((*twin).to_owned(), String::new());
            let notification = Notification::of_change(Kind::TwinUpdate, "host", twin, time, Value::Null);
            unsettled.add(Message::of(&notification));
        }
        unsettled
    }

    /// Sends what may be sent.
    fn sent(unsettled: &mut Unsettled) -> Vec<(u64, String)> {
        let mut sent = Vec::new();
        while let Some((number, message)) = unsettled.next() {
            sent.push((number, message.twin.clone()));
        }
        sent
    }

    fn numbers(sent: Vec<(u64, String)>) -> Vec<u64> {
        sent.into_iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn messages_of_one_twin_go_one_after_the_other() {
        let mut unsettled = unsettled(&["a", "a", "b", "a/relationships/r", "b"]);
        assert_eq!(sent(&mut unsettled), [(0, "a".to_owned()), (2, "b".to_owned())]);
        unsettled.settle(0);
        assert_eq!(sent(&mut unsettled), [(1, "a".to_owned())]);
        unsettled.settle(2);
        assert_eq!(sent(&mut unsettled), [(4, "b".to_owned())]);
        unsettled.settle(1);
        unsettled.settle(1);
        assert_eq!(sent(&mut unsettled), [(3, "a".to_owned())]);
    }

    #[test]
    fn what_is_taken_back_comes_first_and_in_order() {
        let mut unsettled = unsettled(&["a", "b", "c", "b"]);
        assert_eq!(numbers(sent(&mut unsettled)), [0, 1, 2]);
        unsettled.settle(0);
        unsettled.take_back();
        assert_eq!(numbers(sent(&mut unsettled)), [1, 2]);
    }

    #[test]
    fn room_is_limited_whether_messages_wait_or_are_in_flight() {
        let mut unsettled = unsettled(&["a"; MOST]);
        assert!(!unsettled.has_room());
        sent(&mut unsettled);
        assert!(!unsettled.has_room());
        unsettled.settle(0);
        assert!(unsettled.has_room());
    }
}
