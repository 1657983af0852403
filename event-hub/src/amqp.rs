//! This library's own way of speaking AMQP: one connection, a link per partition, several batches in flight on each.
//!
//! The protocol is `fe2o3-amqp`'s, on which Microsoft's SDK is built too. What an event hub expects of a client is in
//! learn.microsoft.com, "AMQP 1.0 in Azure Service Bus and Event Hubs protocol guide" and "AMQP request/response
//! operations".

mod batch;
mod connection;
mod description;
mod encoding;
mod link;
mod refusal;
mod stream;

pub(crate) use connection::Amqp;
pub use stream::{ConnectError, connect};
