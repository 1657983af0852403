//! What one request brings, whichever way it came in.

/// Events, and how long they may take.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// JSON: an array of events, or one by itself. Not looked at yet.
    pub events: String,
    /// The place of each event in the queue that it was taken from; empty where there is no queue.
    pub positions: Vec<Position>,
    /// What limits its time.
    pub timeout: Timeout,
}

/// The place of an event in its queue, which no other event ever has.
///
/// Offsets are opaque text since hubs replicate between regions, so it is the sequence number that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(pub String);

/// The setting that limits the time before a delivery is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Timeout {
    /// `DELIVERY_TIMEOUT`: the sender waits no longer, or comes again as often as it takes.
    #[default]
    Delivery,
    /// `SERVICE_BUS_TIMEOUT`: each failure takes one of the attempts that a message has.
    ServiceBus,
}
