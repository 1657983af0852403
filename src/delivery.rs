//! What one request brings, whichever way it came in.

/// Events, and how long their sender waits for what becomes of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// JSON: an array of events, or one by itself. Not looked at yet.
    pub events: String,
    /// Where each event stood in the queue that it was taken from; empty where there is none.
    pub positions: Vec<Position>,
    /// How long it may take.
    pub lasts: Lasts,
}

/// The place of an event in its queue. No other event ever has it.
///
/// Offsets are opaque text since hubs replicate between regions, so it is the sequence number that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(pub String);

/// How long a delivery may take before it is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lasts {
    /// `DELIVERY_TIMEOUT`: the sender waits no longer, or comes again as often as it takes.
    #[default]
    Usual,
    /// `SERVICE_BUS_TIMEOUT`: each failure takes one of the attempts that a message has.
    ServiceBus,
}
