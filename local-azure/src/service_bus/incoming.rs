//! A link on which a client sends: its transfers are put together, and handed on when they are complete.

use std::sync::Arc;

use fe2o3_amqp_types::performatives::Transfer;

use super::store::{Entity, Topic};
use crate::amqp::refusal::Refusal;

/// How many messages a client may send before it hears more.
const CREDIT: u32 = 1_000;

/// Who answers requests.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Responder {
    Tokens,
    Management(Entity),
}

/// Where the messages of a link go.
#[derive(Clone, Debug)]
pub(super) enum Destination {
    Topic {
        topic: Arc<Topic>,
        /// As the client wrote it.
        address: String,
    },
    Responder(Responder),
}

/// Such a link.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) destination: Destination,
    max_message_size: u64,
    credit: u32,
    delivery_count: u32,
    partial: Option<Delivery>,
}

/// A message that has come in, or a part of one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) id: u32,
    pub(super) settled: bool,
    pub(super) format: Option<u32>,
    pub(super) message: Vec<u8>,
}

impl Incoming {
    pub(super) fn new(destination: Destination, initial_delivery_count: u32, max_message_size: u64) -> Self {
        Self { destination, max_message_size, credit: 0, delivery_count: initial_delivery_count, partial: None }
    }

    /// Takes a frame's part of a message; gives the message when it is complete. An error is the end of the link.
    pub(super) fn take(&mut self, transfer: &Transfer, payload: &[u8]) -> Result<Option<Delivery>, Refusal> {
        let mut delivery = self.partial.take().unwrap_or_default();
        // Only the first frame has to have them.
        delivery.id = transfer.delivery_id.unwrap_or(delivery.id);
        delivery.format = transfer.message_format.or(delivery.format);
        delivery.settled |= transfer.settled == Some(true);
        delivery.message.extend_from_slice(payload);
        if delivery.message.len() as u64 > self.max_message_size {
            return Err(too_large(delivery.message.len(), self.max_message_size));
        }
        if transfer.more && !transfer.aborted {
            self.partial = Some(delivery);
            return Ok(None);
        }
        self.delivery_count = self.delivery_count.wrapping_add(1);
        self.credit = self.credit.saturating_sub(1);
        Ok((!transfer.aborted).then_some(delivery))
    }

    /// The delivery count and the credit to tell the client, when it is time.
    pub(super) fn top_up(&mut self) -> Option<(u32, u32)> {
        if self.credit > CREDIT / 2 {
            return None;
        }
        self.credit = CREDIT;
        Some(self.state())
    }

    /// The delivery count and the credit.
    pub(super) fn state(&self) -> (u32, u32) {
        (self.delivery_count, self.credit)
    }
}

fn too_large(size: usize, limit: u64) -> Refusal {
    Refusal::new(
        "amqp:link:message-size-exceeded",
        format!(
            "The received message (size: {size} or more) exceeds the limit ({limit}) currently allowed on the link."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: Option<u32>, more: bool, aborted: bool) -> Transfer {
        Transfer {
            handle: 0.into(),
            delivery_id: id,
            delivery_tag: None,
            message_format: id.map(|_| 7),
            settled: None,
            more,
            rcv_settle_mode: None,
            state: None,
            resume: false,
            aborted,
            batchable: false,
        }
    }

    fn link() -> Incoming {
        Incoming::new(Destination::Responder(Responder::Tokens), 0, 4)
    }

    #[test]
    fn parts_are_put_together() {
        let mut link = link();
        assert_eq!(link.top_up(), Some((0, CREDIT)));
        assert_eq!(link.take(&part(Some(3), true, false), b"ab"), Ok(None));
        let whole = Delivery { id: 3, settled: false, format: Some(7), message: b"abcd".to_vec() };
        assert_eq!(link.take(&part(None, false, false), b"cd"), Ok(Some(whole)));
        assert_eq!((link.top_up(), link.state()), (None, (1, CREDIT - 1)));
    }

    #[test]
    fn what_is_aborted_is_forgotten() {
        let mut link = link();
        assert_eq!(link.take(&part(Some(3), true, false), b"ab"), Ok(None));
        assert_eq!(link.take(&part(None, false, true), b""), Ok(None));
        let next = link.take(&part(Some(4), false, false), b"ef").unwrap().unwrap();
        assert_eq!((next.id, next.message), (4, b"ef".to_vec()));
    }

    #[test]
    fn what_is_too_large_ends_the_link() {
        let mut link = link();
        assert_eq!(link.take(&part(Some(3), true, false), b"abcd"), Ok(None));
        let refusal = link.take(&part(None, false, false), b"e").unwrap_err();
        assert_eq!(refusal.condition(), "amqp:link:message-size-exceeded");
    }
}
