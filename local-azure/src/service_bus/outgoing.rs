//! A link on which a client receives: a message for each credit that it gives, as soon as there is one.

use std::collections::VecDeque;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{incoming::Responder, store::Entity};
use crate::amqp::refusal::Refusal;

/// Where the messages of a link come from.
#[derive(Debug)]
pub(super) enum Origin {
    Entity {
        entity: Entity,
        /// Whether messages are kept, and locked, until the client settles them.
        keeps: bool,
    },
    Replies {
        by: Responder,
        /// What a request may call this link by: its target's address, or its name.
        names: [String; 2],
        /// Those that wait, encoded.
        waiting: VecDeque<Vec<u8>>,
    },
}

/// Such a link.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) origin: Origin,
    /// Whether the client asked for all that there is, and then for the return of its credit.
    draining: bool,
    credit: u32,
    delivery_count: u32,
}

/// A message that is to go out.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) message: Vec<u8>,
    /// What the client settles, if there is something to be settled.
    pub(super) locked: Option<(Entity, Uuid)>,
}

impl Origin {
    pub(super) fn replies(by: Responder, names: [String; 2]) -> Self {
        Self::Replies { by, names, waiting: VecDeque::new() }
    }
}

impl Outgoing {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, draining: false, credit: 0, delivery_count: 0 }
    }

    /// The client has received so many, and gives credit for so many more. Draining, it wants to hear when there is no
    /// more to come.
    pub(super) fn grant(&mut self, received: u32, credit: u32, draining: bool) {
        // What is under way has been paid for.
        let under_way = self.delivery_count.wrapping_sub(received);
        self.credit = credit.saturating_sub(under_way);
        self.draining = draining;
    }

    /// The next message, when there is one and credit for it.
    pub(super) fn next(&mut self, now: OffsetDateTime) -> Result<Option<Delivery>, Refusal> {
        if self.credit == 0 {
            return Ok(None);
        }
        let next = match &mut self.origin {
            Origin::Replies { waiting, .. } => waiting.pop_front().map(|message| (message, None)),
            Origin::Entity { entity, keeps: true } => match entity.lock(now) {
                Some((message, lock)) => Some((message.delivery(Some(lock))?, Some((entity.clone(), lock.token)))),
                None => None,
            },
            Origin::Entity { entity, keeps: false } => match entity.take() {
                Some(message) => Some((message.delivery(None)?, None)),
                None => None,
            },
        };
        let Some((message, locked)) = next else { return Ok(None) };
        self.credit -= 1;
        self.delivery_count = self.delivery_count.wrapping_add(1);
        Ok(Some(Delivery { message, locked }))
    }

    /// Gives the credit of a client back that drains, there being no more messages. Whether it does.
    pub(super) fn drain(&mut self) -> bool {
        let drained = std::mem::take(&mut self.draining);
        if drained {
            self.delivery_count = self.delivery_count.wrapping_add(std::mem::take(&mut self.credit));
        }
        drained
    }

    /// The delivery count and the credit.
    pub(super) fn state(&self) -> (u32, u32) {
        (self.delivery_count, self.credit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn link(replies: &[&str]) -> Outgoing {
        let waiting = replies.iter().map(|reply| reply.as_bytes().to_vec()).collect();
        Outgoing::new(Origin::Replies { by: Responder::Tokens, names: Default::default(), waiting })
    }

    fn next(link: &mut Outgoing) -> Option<Vec<u8>> {
        link.next(NOW).unwrap().map(|delivery| delivery.message)
    }

    #[test]
    fn there_is_a_message_for_each_credit() {
        let mut link = link(&["a", "b", "c"]);
        assert_eq!(next(&mut link), None);
        link.grant(0, 1, false);
        assert_eq!(next(&mut link).as_deref(), Some(&b"a"[..]));
        assert_eq!(next(&mut link), None);

        // Said before the first one arrived.
        link.grant(0, 2, false);
        assert_eq!(next(&mut link).as_deref(), Some(&b"b"[..]));
        assert_eq!(next(&mut link), None);
        link.grant(0, 1, false);
        assert_eq!(next(&mut link), None);
    }

    #[test]
    fn a_client_that_drains_gets_its_credit_back() {
        let mut link = link(&["a"]);
        link.grant(0, 5, true);
        assert!(next(&mut link).is_some());
        assert!(next(&mut link).is_none());
        assert!(link.drain());
        assert_eq!(link.state(), (5, 0));
        assert!(!link.drain());
    }
}
