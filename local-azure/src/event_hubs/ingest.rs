//! Events come in: each transfer is unpacked, stored as a whole or not at all, and answered a moment later.
//!
//! Transfers don't wait for each other's answers: ten that arrive together are all answered after one delay.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use fe2o3_amqp::{
    Receiver,
    link::{
        RecvError,
        delivery::{Delivery, DeliveryInfo},
        receiver::TerminalDeliveryState,
    },
};
use fe2o3_amqp_types::{
    messaging::{Accepted, Body, Modified, Rejected, Released},
    primitives::Value,
};
use futures_timer::Delay;

use super::{
    client::Client,
    event::Publication,
    misbehaviour::{Answer, Cut},
    store::Hub,
};
use crate::amqp::refusal::Refusal;

/// Where the events of a link go.
#[derive(Debug)]
pub(super) struct Destination {
    /// As the client wrote it.
    pub(super) address: String,
    pub(super) hub: Arc<Hub>,
    /// `None` lets the hub choose for each transfer.
    pub(super) partition: Option<usize>,
}

/// Takes the transfers of one link until it goes away.
pub(super) async fn serve(mut link: Receiver, destination: Destination, client: Arc<Client>) {
    let mut answers = Answers::default();
    let mut releases = client.service.faults.releases();
    let mut detaches = client.service.faults.detaches();
    loop {
        tokio::select! {
            received = link.recv::<Body<Value>>() => match received {
                Ok(delivery) => {
                    let fate = take(delivery, &destination, &client, &mut answers);
                    client.service.changes.send_replace(());
                    if let Err(refusal) = fate {
                        // An error means that the client has gone already.
                        let _ = link.close_with_error(refusal).await;
                        return;
                    }
                }
                Err(RecvError::MessageDecode(undecodable)) => {
                    let refusal = Refusal::new("amqp:decode-error", undecodable.source.to_string());
                    answers.settle(undecodable.info, rejected(refusal), &client);
                }
                Err(_) => return,
            },
            () = answers.next_due() => {
                if answers.send_next(&link).await.is_err() {
                    return;
                }
            }
            _ = releases.changed() => answers.release_held(),
            Ok(detach) = detaches.recv() => if destination.partition == Some(detach.partition) {
                let _ = link.close_with_error(Refusal::new(detach.condition, detach.description)).await;
                return;
            },
            () = destination.hub.deleted.cancelled() => {
                let _ = link.close_with_error(Refusal::not_found(&destination.address)).await;
                return;
            }
        }
    }
}

/// What becomes of one transfer. An error is the end of the link.
fn take(
    delivery: Delivery<Body<Value>>,
    destination: &Destination,
    client: &Client,
    answers: &mut Answers,
) -> Result<(), Refusal> {
    let info = DeliveryInfo::from(&delivery);
    let format = *delivery.message_format();
    let unpacked = Publication::unpack(delivery.into_message(), format);
    let key = unpacked.as_ref().ok().and_then(|publication| publication.partition_key.as_deref());
    let number = destination.partition.unwrap_or_else(|| destination.hub.choose_partition(key));
    let Some(partition) = destination.hub.partitions.get(number) else { return Ok(()) };
    partition.count_transfer();
    if !client.grants.cover(&destination.address) {
        return Err(Refusal::expired(&destination.address));
    }

    let faults = &client.service.faults;
    let cut = faults.take_cut();
    match (cut, unpacked) {
        (Some(Cut::BeforeStoring), _) => client.cut(),
        (_, Err(refusal)) => answers.settle(info, rejected(refusal), client),
        (Some(Cut::AfterStoring), Ok(publication)) => {
            partition.append(publication.events);
            client.cut();
        }
        (None, Ok(publication)) => match faults.next_answer(&publication.events) {
            Answer::Accept => {
                partition.append(publication.events);
                answers.settle(info, Accepted {}.into(), client);
            }
            Answer::Hold => {
                partition.append(publication.events);
                answers.held.push(info);
            }
            Answer::Release => answers.settle(info, Released {}.into(), client),
            Answer::Modify => answers.settle(info, modified(), client),
            Answer::Reject { condition, description } => {
                answers.settle(info, rejected(Refusal::new(condition, description)), client);
            }
            Answer::Detach { condition, description } => return Err(Refusal::new(condition, description)),
            Answer::Silent => {}
        },
    }
    Ok(())
}

/// The transfers of a link that are not answered yet.
#[derive(Default)]
struct Answers {
    due: VecDeque<(Instant, DeliveryInfo, TerminalDeliveryState)>,
    held: Vec<DeliveryInfo>,
}

impl Answers {
    fn settle(&mut self, delivery: DeliveryInfo, state: TerminalDeliveryState, client: &Client) {
        let due = Instant::now() + client.service.faults.acknowledgement_delay();
        self.due.push_back((due, delivery, state));
    }

    fn release_held(&mut self) {
        let now = Instant::now();
        self.due.extend(self.held.drain(..).map(|delivery| (now, delivery, Accepted {}.into())));
    }

    /// Waits until the oldest answer is due; for ever when there is none.
    async fn next_due(&self) {
        match self.due.front() {
            Some((due, ..)) if *due <= Instant::now() => {}
            // Not with the runtime's timer, which counts whole milliseconds and makes six or seven of five.
            Some((due, ..)) => Delay::new(*due - Instant::now()).await,
            None => std::future::pending().await,
        }
    }

    async fn send_next(&mut self, link: &Receiver) -> Result<(), fe2o3_amqp::link::DispositionError> {
        match self.due.pop_front() {
            Some((_, delivery, state)) => link.dispose(delivery, state).await,
            None => Ok(()),
        }
    }
}

fn rejected(refusal: Refusal) -> TerminalDeliveryState {
    Rejected { error: Some(refusal.into()) }.into()
}

fn modified() -> TerminalDeliveryState {
    Modified { delivery_failed: Some(true), undeliverable_here: None, message_annotations: None }.into()
}
