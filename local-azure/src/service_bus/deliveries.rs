//! The deliveries that go out in a session: numbered, cut into frames, held back while the client's window is closed,
//! and kept in mind until it has settled them.

use std::collections::{BTreeMap, VecDeque};

use fe2o3_amqp_types::{
    definitions::Handle,
    messaging::{Accepted, DeliveryState, Rejected},
    performatives::{Disposition, Flow, Transfer},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{outbox::Outbox, outgoing::Delivery, settlement::Settlement, store::Entity};
use crate::amqp::refusal::Refusal;

/// The deliveries of a session.
#[derive(Debug)]
pub(super) struct Deliveries {
    /// The number of the next one.
    next_id: u32,
    /// The number of the next frame.
    next_outgoing_id: u32,
    /// How many frames the client takes before it says more.
    remote_window: u32,
    /// The frames that it has no room for.
    waiting: VecDeque<(Transfer, Vec<u8>)>,
    unsettled: BTreeMap<u32, Unsettled>,
}

/// A delivery that the client has to settle.
#[derive(Debug)]
struct Unsettled {
    link: u32,
    entity: Entity,
    token: Uuid,
}

impl Deliveries {
    pub(super) fn new(remote_window: u32) -> Self {
        Self { next_id: 0, next_outgoing_id: 0, remote_window, waiting: VecDeque::new(), unsettled: BTreeMap::new() }
    }

    /// The number of the next frame.
    pub(super) fn next_outgoing_id(&self) -> u32 {
        self.next_outgoing_id
    }

    /// The client tells how much room it has.
    pub(super) fn open_window(&mut self, flow: &Flow) {
        let under_way = self.next_outgoing_id.wrapping_sub(flow.next_incoming_id.unwrap_or_default());
        self.remote_window = flow.incoming_window.saturating_sub(under_way);
    }

    /// Whether nothing is held back.
    pub(super) fn are_sent(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Sends a message on a link, or as much of it as there is room for.
    pub(super) fn send(
        &mut self,
        link: u32,
        delivery: Delivery,
        channel: u16,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        let Delivery { message, locked } = delivery;
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let tag = match &locked {
            // Clients read the lock token from the tag, in the byte order of .NET.
            Some((_, token)) => token.to_bytes_le().to_vec(),
            None => id.to_be_bytes().to_vec(),
        };
        let first = Transfer {
            handle: Handle(link),
            delivery_id: Some(id),
            delivery_tag: Some(tag.into()),
            message_format: Some(0),
            settled: Some(locked.is_none()),
            more: false,
            rcv_settle_mode: None,
            state: None,
            resume: false,
            aborted: false,
            batchable: true,
        };
        let parts = out.parts(&first, &message)?;
        let count = parts.len();
        for (index, part) in parts.enumerate() {
            let transfer = Transfer { more: index + 1 < count, ..first.clone() };
            let transfer = match index {
                0 => transfer,
                _ => Transfer { delivery_id: None, delivery_tag: None, message_format: None, ..transfer },
            };
            self.waiting.push_back((transfer, part.to_vec()));
        }
        if let Some((entity, token)) = locked {
            self.unsettled.insert(id, Unsettled { link, entity, token });
        }
        self.flush(channel, out)
    }

    /// Sends what was held back, or as much of it as there is room for.
    pub(super) fn flush(&mut self, channel: u16, out: &mut Outbox) -> Result<(), Refusal> {
        while self.remote_window > 0
            && let Some((transfer, payload)) = self.waiting.pop_front()
        {
            self.remote_window -= 1;
            self.next_outgoing_id = self.next_outgoing_id.wrapping_add(1);
            out.send_transfer(channel, transfer, &payload)?;
        }
        Ok(())
    }

    /// Settles what the client wants settled. Gives what it is to be told about each, if it wants to hear anything.
    pub(super) fn settle(&mut self, disposition: &Disposition, now: OffsetDateTime) -> Vec<(u32, DeliveryState)> {
        let settlement = Settlement::of_state(disposition.state.as_ref());
        let (first, last) = (disposition.first, disposition.last.unwrap_or(disposition.first));
        if last < first || (settlement == Ok(None) && !disposition.settled) {
            return Vec::new();
        }
        let ids: Vec<u32> = self.unsettled.range(first..=last).map(|(id, _)| *id).collect();
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(Unsettled { entity, token, .. }) = self.unsettled.remove(&id) else { continue };
            let settled = settlement.clone().and_then(|settlement| match settlement {
                Some(settlement) => Ok(entity.settle(token, settlement, now)?),
                // Settled without an outcome: forgotten, until its lock expires.
                None => Ok(()),
            });
            if !disposition.settled {
                answers.push((id, answer(settled, disposition.state.as_ref())));
            }
        }
        answers
    }

    /// A link is gone. What it has locked stays locked.
    pub(super) fn forget(&mut self, link: u32) {
        self.waiting.retain(|(transfer, _)| transfer.handle.0 != link);
        self.unsettled.retain(|_, unsettled| unsettled.link != link);
    }
}

/// The outcome of a delivery as the service repeats it to the client that has chosen it: there is an error in it only if
/// it is the service's own.
fn answer(settled: Result<(), Refusal>, state: Option<&DeliveryState>) -> DeliveryState {
    match (settled, state) {
        (Err(refusal), _) => Rejected { error: Some(refusal.into()) }.into(),
        (Ok(()), Some(DeliveryState::Rejected(_))) => Rejected { error: None }.into(),
        (Ok(()), Some(state)) => state.clone(),
        (Ok(()), None) => Accepted {}.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(next_incoming_id: u32, incoming_window: u32) -> Flow {
        Flow {
            next_incoming_id: Some(next_incoming_id),
            incoming_window,
            next_outgoing_id: 0,
            outgoing_window: 0,
            handle: None,
            delivery_count: None,
            link_credit: None,
            available: None,
            drain: false,
            echo: false,
            properties: None,
        }
    }

    #[test]
    fn what_the_window_has_no_room_for_is_held_back() {
        let mut out = Outbox::new();
        let mut deliveries = Deliveries::new(2);
        // Three frames of 512 bytes.
        deliveries.send(7, Delivery { message: vec![1; 1_200], locked: None }, 0, &mut out).unwrap();
        assert_eq!((deliveries.next_outgoing_id(), deliveries.are_sent()), (2, false));
        deliveries.open_window(&flow(1, 1));
        deliveries.flush(0, &mut out).unwrap();
        assert_eq!(deliveries.next_outgoing_id(), 2);
        deliveries.open_window(&flow(2, 5));
        deliveries.flush(0, &mut out).unwrap();
        assert_eq!((deliveries.next_outgoing_id(), deliveries.are_sent()), (3, true));
    }

    #[test]
    fn what_a_closed_link_had_to_send_is_forgotten() {
        let mut out = Outbox::new();
        let mut deliveries = Deliveries::new(0);
        for link in [1, 2] {
            deliveries.send(link, Delivery { message: vec![1], locked: None }, 0, &mut out).unwrap();
        }
        deliveries.forget(1);
        deliveries.open_window(&flow(0, 9));
        deliveries.flush(0, &mut out).unwrap();
        assert_eq!(deliveries.next_outgoing_id(), 1);
    }
}
