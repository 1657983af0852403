//! The seam between the queues and what speaks AMQP.
//!
//! Above it is order: which events go when, and again. Below it is the protocol: connections, links, outcomes. The
//! library has two implementations, [`amqp`](crate::amqp) and [`sdk`](crate::sdk); the tests have a third, in which
//! every failure can be played.

use time::OffsetDateTime;

use crate::{
    error::SendError,
    messages::{Message, Messages},
};

/// What opens connections to one hub.
pub(crate) trait Transport: 'static {
    type Connection: Connection;

    /// Connects and proves who we are.
    async fn connect(&self) -> Result<Self::Connection, SendError>;

    /// How much may be in flight for one partition.
    fn in_flight(&self) -> InFlight;
}

/// A connection with a link for each partition, attached when it is first needed and again after it was lost.
pub(crate) trait Connection: 'static {
    type Batch<'a>: Batch
    where
        Self: 'a;

    /// The ids of the partitions that the hub has now.
    async fn partition_ids(&self) -> Result<Vec<String>, SendError>;

    /// An empty batch for a partition.
    async fn batch(&self, partition_id: &str) -> Result<Self::Batch<'_>, Failure>;

    /// Sends a batch, which is not empty, and waits for its outcome.
    async fn send<'a>(&'a self, partition_id: &str, batch: Self::Batch<'a>) -> Result<(), Failure>;

    /// Lets go of a partition's link, on which an outcome did not come. False if only a new connection has a new link.
    fn detach(&self, partition_id: &str) -> bool;

    /// Waits until the connection has ended, and answers why.
    async fn ended(&self) -> SendError;

    /// When the token expires with which it was opened.
    fn expires_on(&self) -> Option<OffsetDateTime>;

    /// Closes it in order.
    async fn close(self);
}

/// Events for one partition, as many as one AMQP message holds.
pub(crate) trait Batch {
    /// Adds an event; false if it does not fit any more.
    fn try_add(&mut self, messages: &Messages, message: &Message) -> Result<bool, SendError>;

    /// How many events it holds.
    fn len(&self) -> usize;
}

/// How many batches may be in flight for one partition, and how large each should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InFlight {
    /// Batches of any size.
    pub(crate) batches: usize,
    /// Batches, as long as the next one is full.
    pub(crate) full_batches: usize,
    /// The bytes from which on a batch counts as full and takes no more.
    pub(crate) batch_bytes: usize,
}

/// Why a batch was not accepted, and what is broken by that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) broken: Broken,
    pub(crate) error: SendError,
}

/// How much of the way to a partition a failure has broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Nothing: the hub has answered, and the answer concerns this batch only.
    Nothing,
    /// The partition's link. Other partitions are none the wiser.
    Link,
    /// The connection, with everything in flight on it.
    Connection,
}

impl Failure {
    pub(crate) fn outcome(error: SendError) -> Self {
        Self { broken: Broken::Nothing, error }
    }

    pub(crate) fn of_link(error: SendError) -> Self {
        Self { broken: Broken::Link, error }
    }

    pub(crate) fn of_connection(error: SendError) -> Self {
        Self { broken: Broken::Connection, error }
    }
}
