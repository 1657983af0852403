//! Microsoft's SDK, `azure_messaging_eventhubs`, as a way of speaking AMQP, for those who want no other between them and
//! Azure.
//!
//! It can't be trusted bare: the project's `docs/decisions.md`, 2, has the measurements. The deadlines, the one batch in
//! flight per partition and the single-threaded runtime are those of the queues; here are the outcomes that it hides.

mod connection;
mod outcome;

pub(crate) use connection::Sdk;
pub(crate) use outcome::is_watched;
pub use outcome::not_accepted_layer;
