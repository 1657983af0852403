//! How an endpoint is doing.

/// How an endpoint of Event Hubs or Service Bus is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSnapshot {
    /// Notifications that took a route to it, whatever became of them.
    pub taken: u64,
    /// Those that were accepted.
    pub accepted: u64,
    /// Those that are larger than it takes, which are not sent again (our reading: Azure has no such notifications).
    pub dropped: u64,
    /// Why none is accepted at the moment, if that is so.
    pub problem: Option<String>,
}

impl EndpointSnapshot {
    /// How many notifications are still to be accepted.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.taken - self.accepted - self.dropped
    }
}
