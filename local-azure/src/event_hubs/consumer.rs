//! Events go out: from the start position on, then as they arrive, no faster than the client gives credit.

use std::sync::Arc;

use fe2o3_amqp::{Sendable, Sender};
use fe2o3_amqp_types::{
    messaging::DeliveryAnnotations,
    primitives::{Timestamp, Value},
};
use time::OffsetDateTime;

use super::{
    partition::{End, Partition},
    readers::Place,
    store::Hub,
};
use crate::amqp::refusal::Refusal;

/// How many events are taken from the log at a time.
const READ_AHEAD: usize = 256;

/// What a link is to get.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) hub: Arc<Hub>,
    pub(super) partition: Arc<Partition>,
    /// The sequence number to start from. Found before the client hears that it is attached, or "the latest" would
    /// mean a moment after that.
    pub(super) from: i64,
    /// Whether each event is to tell where the partition ends, so that the client sees how far behind it is.
    pub(super) tells_end: bool,
    pub(super) place: Place,
}

/// Sends events on one link until it goes away or has to.
pub(super) async fn serve(mut link: Sender, subscription: Subscription) {
    let Subscription { hub, partition, from, tells_end, mut place } = subscription;
    let refusal = tokio::select! {
        () = feed(&mut link, &partition, from, tells_end) => return,
        refusal = place.taken() => refusal,
        () = hub.deleted.cancelled() => Refusal::not_found(&hub.name),
    };
    // An error means that the client has gone already.
    let _ = link.close_with_error(refusal).await;
}

async fn feed(link: &mut Sender, partition: &Partition, from: i64, tells_end: bool) {
    let mut next = from;
    let mut tip = partition.tip();
    loop {
        // Marked as seen before reading, so that whatever comes after the read wakes this up again.
        tip.mark_unchanged();
        let records = partition.read(next, READ_AHEAD);
        if records.is_empty() {
            tokio::select! {
                changed = tip.changed() => if changed.is_err() { return },
                _ = link.on_detach() => return,
            }
        }
        for record in records {
            next = record.sequence_number + 1;
            let Some(mut message) = record.message() else { continue };
            message.delivery_annotations = tells_end.then(|| last_enqueued(&partition.end()));
            // Waits for credit. Batchable only because it makes the transfer full length, which the Python client
            // relies on; whether the client settles an event is of no interest, consuming does not remove it.
            if link.send_batchable(Sendable::builder().message(message).build()).await.is_err() {
                return;
            }
        }
    }
}

/// Where a partition ends, as clients want to be told it with an event.
fn last_enqueued(end: &End) -> DeliveryAnnotations {
    let time = |time: OffsetDateTime| Value::Timestamp(Timestamp::from(time));
    DeliveryAnnotations::builder()
        .insert("last_enqueued_sequence_number", Value::Long(end.next_sequence_number - 1))
        .insert("last_enqueued_offset", Value::String(end.last_offset.to_string()))
        .insert("last_enqueued_time_utc", time(end.last_enqueued.unwrap_or(OffsetDateTime::UNIX_EPOCH)))
        .insert("runtime_info_retrieval_time_utc", time(OffsetDateTime::now_utc()))
        .build()
}
