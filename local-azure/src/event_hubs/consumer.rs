//! Events go out: from the start position on, then as they arrive, no faster than the client gives credit.

use std::sync::Arc;

use fe2o3_amqp::{Sendable, Sender};

use super::store::Hub;
use crate::amqp::refusal::Refusal;

/// How many events are taken from the log at a time.
const READ_AHEAD: usize = 256;

/// What a link is to get.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) hub: Arc<Hub>,
    pub(super) partition: usize,
    /// The sequence number to start from. Found before the client hears that it is attached, or "the latest" would
    /// mean a moment after that.
    pub(super) from: i64,
}

/// Sends events on one link until it goes away.
pub(super) async fn serve(mut link: Sender, subscription: Subscription) {
    let Some(partition) = subscription.hub.partitions.get(subscription.partition) else { return };
    let mut next = subscription.from;
    let mut tip = partition.tip();
    loop {
        // Marked as seen before reading, so that whatever comes after the read wakes this up again.
        tip.mark_unchanged();
        let records = partition.read(next, READ_AHEAD);
        if records.is_empty() {
            tokio::select! {
                changed = tip.changed() => if changed.is_err() { return },
                _ = link.on_detach() => return,
                () = subscription.hub.deleted.cancelled() => {
                    // An error means that the client has gone already.
                    let _ = link.close_with_error(Refusal::not_found(&subscription.hub.name)).await;
                    return;
                }
            }
        }
        for record in records {
            next = record.sequence_number + 1;
            let Some(message) = record.message() else { continue };
            // Waits for credit. Batchable only because it makes the transfer full length, which the Python client
            // relies on; whether the client settles an event is of no interest, consuming does not remove it.
            if link.send_batchable(Sendable::builder().message(message).build()).await.is_err() {
                return;
            }
        }
    }
}
