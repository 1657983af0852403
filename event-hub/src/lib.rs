//! A producer for Azure Event Hubs that keeps the order of each key and says what became of every event.

mod amqp;
mod answer_time;
mod backoff;
mod config;
mod connection_string;
mod credential;
mod delivery;
mod error;
mod event_hub;
mod health;
mod job;
mod keys;
mod memory;
mod messages;
mod partition_key;
mod queue;
mod scheduler;
mod sdk;
mod sending;
mod shared_access;
mod shared_connection;
mod token;
mod transport;

pub use config::{Access, Client, Config};
pub use connection_string::{ConnectionString, SharedAccess};
pub use delivery::{Outcome, Report};
pub use error::SendError;
pub use event_hub::{EventHub, Producer, StartError};
pub use health::Status;
pub use memory::{Memory, Reserved};
pub use messages::{Body, Entry, Group, Messages};
pub use sdk::not_accepted_layer;

#[cfg(test)]
mod tests;
