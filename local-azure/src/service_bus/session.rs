//! A session of a client: its links, and what comes and goes on them.

use std::collections::{BTreeMap, BTreeSet};

use fe2o3_amqp_types::{
    definitions::{Handle, Role},
    messaging::{Accepted, DeliveryState, Rejected},
    performatives::{Attach, Begin, Detach, Disposition, Flow, Performative, Transfer},
};
use time::OffsetDateTime;

use super::{
    client::Client,
    deliveries::Deliveries,
    incoming::{self, Destination, Incoming},
    link::{self, Purpose},
    message::unpack,
    outbox::Outbox,
    outgoing::Outgoing,
    requests,
};
use crate::amqp::{product::product, refusal::Refusal};

/// How many frames the client may send before it hears more. The credit of its links is what limits it.
const WINDOW: u32 = i32::MAX.unsigned_abs();

/// A session. Its end of a link has the same handle as the client's.
#[derive(Debug)]
pub(super) struct Session {
    /// Ours has the same number as the client's.
    channel: u16,
    next_incoming_id: u32,
    incoming: BTreeMap<u32, Incoming>,
    outgoing: BTreeMap<u32, Outgoing>,
    /// Links that were closed from here, and that the client may still believe to be open.
    closing: BTreeSet<u32>,
    deliveries: Deliveries,
}

impl Session {
    /// Begins a session that the client has begun.
    pub(super) fn begin(channel: u16, begin: &Begin, out: &mut Outbox) -> Result<Self, Refusal> {
        let answer = Begin {
            remote_channel: Some(channel),
            next_outgoing_id: 0,
            incoming_window: WINDOW,
            outgoing_window: WINDOW,
            handle_max: Handle(255),
            offered_capabilities: None,
            desired_capabilities: None,
            properties: Some(product()),
        };
        out.send(channel, &Performative::Begin(answer))?;
        Ok(Self {
            channel,
            next_incoming_id: begin.next_outgoing_id,
            incoming: BTreeMap::new(),
            outgoing: BTreeMap::new(),
            closing: BTreeSet::new(),
            deliveries: Deliveries::new(begin.incoming_window),
        })
    }

    /// Takes what the client sends. An error is the end of the connection.
    pub(super) fn take(
        &mut self,
        performative: Performative,
        payload: &[u8],
        client: &Client,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        match performative {
            Performative::Attach(attach) => self.attach(attach, client, out),
            Performative::Flow(flow) => self.flow(&flow, out),
            Performative::Transfer(transfer) => self.transfer(&transfer, payload, client, out),
            Performative::Disposition(disposition) => self.disposition(&disposition, out),
            Performative::Detach(detach) => self.detach(&detach, out),
            _ => Err(Refusal::new("amqp:not-allowed", "That is not for a session.")),
        }
    }

    fn attach(&mut self, attach: Attach, client: &Client, out: &mut Outbox) -> Result<(), Refusal> {
        let handle = attach.handle.0;
        let max_message_size = client.service.config.max_message_size;
        let initial_delivery_count = attach.initial_delivery_count.unwrap_or_default();
        match link::purpose(&attach, client) {
            Ok(purpose) => {
                self.send(&Performative::Attach(link::accepted(attach, max_message_size)), out)?;
                match purpose {
                    Purpose::Incoming(destination) => {
                        let link = Incoming::new(destination, initial_delivery_count, max_message_size);
                        self.incoming.insert(handle, link);
                        self.top_up(handle, out)
                    }
                    Purpose::Outgoing(origin) => {
                        self.outgoing.insert(handle, Outgoing::new(origin));
                        Ok(())
                    }
                }
            }
            Err(refusal) => {
                self.send(&Performative::Attach(link::refused(attach)), out)?;
                self.close(handle, refusal, out)
            }
        }
    }

    fn flow(&mut self, flow: &Flow, out: &mut Outbox) -> Result<(), Refusal> {
        self.deliveries.open_window(flow);
        let handle = flow.handle.as_ref().map(|handle| handle.0);
        if let (Some(link), Some(credit)) = (handle.and_then(|handle| self.outgoing.get_mut(&handle)), flow.link_credit)
        {
            link.grant(flow.delivery_count.unwrap_or_default(), credit, flow.drain);
        }
        if flow.echo { self.tell(handle, false, out) } else { Ok(()) }
    }

    fn transfer(
        &mut self,
        transfer: &Transfer,
        payload: &[u8],
        client: &Client,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        self.next_incoming_id = self.next_incoming_id.wrapping_add(1);
        let handle = transfer.handle.0;
        let Some(link) = self.incoming.get_mut(&handle) else {
            return if self.closing.contains(&handle) { Ok(()) } else { Err(unattached(handle)) };
        };
        let state = match link.take(transfer, payload) {
            Ok(Some(delivery)) => {
                let destination = link.destination.clone();
                let (id, settled) = (delivery.id, delivery.settled);
                self.deliver(delivery, &destination, client).map(|state| (id, settled, state))
            }
            Ok(None) => return Ok(()),
            Err(refusal) => Err(refusal),
        };
        match state {
            Ok((id, settled, state)) => {
                if !settled {
                    self.dispose(Role::Receiver, id, state, out)?;
                }
                self.top_up(handle, out)
            }
            Err(refusal) => self.close(handle, refusal, out),
        }
    }

    /// Hands a message on. An error is the end of its link.
    fn deliver(
        &mut self,
        delivery: incoming::Delivery,
        destination: &Destination,
        client: &Client,
    ) -> Result<DeliveryState, Refusal> {
        match destination {
            Destination::Topic { topic, address } => {
                if !client.grants.cover(address) {
                    return Err(Refusal::expired(address));
                }
                Ok(match unpack(delivery.message, delivery.format) {
                    Ok(messages) => {
                        topic.publish(messages, OffsetDateTime::now_utc());
                        Accepted {}.into()
                    }
                    Err(refusal) => rejected(refusal),
                })
            }
            Destination::Responder(responder) => {
                let (request, reply) = requests::answer(responder, &delivery.message, client)?;
                requests::send(&reply, &request, responder, self.outgoing.values_mut())?;
                Ok(Accepted {}.into())
            }
        }
    }

    fn disposition(&mut self, disposition: &Disposition, out: &mut Outbox) -> Result<(), Refusal> {
        // What the client itself has sent is settled when it is answered.
        if disposition.role == Role::Receiver {
            for (id, state) in self.deliveries.settle(disposition, OffsetDateTime::now_utc()) {
                self.dispose(Role::Sender, id, state, out)?;
            }
        }
        Ok(())
    }

    fn detach(&mut self, detach: &Detach, out: &mut Outbox) -> Result<(), Refusal> {
        let handle = detach.handle.0;
        self.closing.remove(&handle);
        // The answer to a detach of ours wants none, and neither does a second one.
        if self.forget(handle) {
            self.send(&Performative::Detach(Detach { error: None, ..detach.clone() }), out)?;
        }
        Ok(())
    }

    /// Closes a link with the reason.
    fn close(&mut self, handle: u32, refusal: Refusal, out: &mut Outbox) -> Result<(), Refusal> {
        self.forget(handle);
        self.closing.insert(handle);
        let detach = Detach { handle: Handle(handle), closed: true, error: Some(refusal.into()) };
        self.send(&Performative::Detach(detach), out)
    }

    /// Forgets a link. Whether there was one.
    fn forget(&mut self, handle: u32) -> bool {
        self.deliveries.forget(handle);
        self.incoming.remove(&handle).is_some() | self.outgoing.remove(&handle).is_some()
    }

    /// Sends what there is credit for, and gives credit back where the client drains.
    pub(super) fn pump(&mut self, out: &mut Outbox) -> Result<(), Refusal> {
        self.deliveries.flush(self.channel, out)?;
        let mut drained = Vec::new();
        for (&handle, link) in &mut self.outgoing {
            while self.deliveries.are_sent() && !out.is_full() {
                match link.next(OffsetDateTime::now_utc())? {
                    Some(delivery) => self.deliveries.send(handle, delivery, self.channel, out)?,
                    None if link.drain() => drained.push(handle),
                    None => break,
                }
            }
        }
        drained.into_iter().try_for_each(|handle| self.tell(Some(handle), true, out))
    }

    fn top_up(&mut self, handle: u32, out: &mut Outbox) -> Result<(), Refusal> {
        match self.incoming.get_mut(&handle).and_then(Incoming::top_up) {
            Some(_) => self.tell(Some(handle), false, out),
            None => Ok(()),
        }
    }

    /// Tells how the session, and a link of it, stand.
    fn tell(&self, link: Option<u32>, drain: bool, out: &mut Outbox) -> Result<(), Refusal> {
        let state = link.and_then(|handle| {
            self.incoming.get(&handle).map(Incoming::state).or_else(|| self.outgoing.get(&handle).map(Outgoing::state))
        });
        let (delivery_count, link_credit) = state.unzip();
        let flow = Flow {
            next_incoming_id: Some(self.next_incoming_id),
            incoming_window: WINDOW,
            next_outgoing_id: self.deliveries.next_outgoing_id(),
            outgoing_window: WINDOW,
            handle: state.and(link).map(Handle),
            delivery_count,
            link_credit,
            available: None,
            drain,
            echo: false,
            properties: None,
        };
        self.send(&Performative::Flow(flow), out)
    }

    fn dispose(&self, role: Role, id: u32, state: DeliveryState, out: &mut Outbox) -> Result<(), Refusal> {
        let state = Some(state);
        let disposition = Disposition { role, first: id, last: Some(id), settled: true, state, batchable: true };
        self.send(&Performative::Disposition(disposition), out)
    }

    fn send(&self, performative: &Performative, out: &mut Outbox) -> Result<(), Refusal> {
        out.send(self.channel, performative)
    }
}

fn rejected(refusal: Refusal) -> DeliveryState {
    Rejected { error: Some(refusal.into()) }.into()
}

fn unattached(handle: u32) -> Refusal {
    Refusal::new("amqp:session:unattached-handle", format!("No link has the handle {handle}."))
}
