//! A producer for Azure Event Hubs that keeps the order of each key and says what became of every event.
//!
//! What is sent together, a delivery, is a list of groups: records of one key that are stored as a whole and in order.
//! The producer puts them into events, the events of many deliveries into batches for the partition that the service's
//! own hash gives their key, and keeps several batches of a partition in flight. A delivery is answered when the hub has
//! accepted all of it, and says of each group what became of it; what fails is sent again until the time of the delivery
//! is up.
//!
//! ```
//! use std::time::Duration;
//!
//! use event_hub_producer::{
//!     Access, Body, Client, Config, ConnectionString, Entry, EventHub, Group, Memory, Outcome, Producer,
//! };
//! use tokio::time::Instant;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In place of the service. For it, the connection string is that of the portal, or `access` an identity.
//! let service = local_azure::event_hubs::EventHubs::start(local_azure::event_hubs::Config::default())?;
//! let connection_string = ConnectionString::parse(&service.connection_string("twins"))?;
//! let hub = EventHub::start(
//!     Config {
//!         name: "twins".to_owned(),
//!         access: Access::ConnectionString(connection_string),
//!         body: Body::Lines,
//!         client: Client::Amqp,
//!     },
//!     Memory::new(64 * 1024 * 1024),
//! )?;
//!
//! // Two records of one key, one after the other.
//! let text = br#"{"celsius":20.1}{"celsius":20.2}"#.to_vec();
//! let entries = vec![Entry { end: 16, table: None }, Entry { end: 32, table: None }];
//! let group = Group { key: "room 1".to_owned(), id: "reading 7".to_owned(), traceparent: None, text, entries };
//! let memory = hub.memory().reserve(group.bytes()).await;
//! let report = hub.send(vec![group], memory, Instant::now() + Duration::from_secs(25)).await;
//! assert_eq!((report.groups, report.error), (vec![Outcome::Stored], None));
//!
//! let stored = &service.events("twins")[0];
//! assert_eq!(stored.text(), "{\"celsius\":20.1}\n{\"celsius\":20.2}");
//! assert_eq!(stored.partition_key.as_deref(), Some("room 1"));
//! assert!(hub.close(Duration::from_secs(5)).await);
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//!
//! - Groups of one key are never overtaken by later ones of that key, whatever fails.
//! - What is reported as stored was accepted by the hub.
//! - A failure breaks what it says is broken: an outcome concerns its batch, a detached link its partition, and only what
//!   ends the connection takes the others along.
//! - The hub may get more partitions, or be made again with fewer.
//! - Everything has a deadline, and one bound holds for the memory of all that waits.
//!
//! # Readers
//!
//! What reads a hub connects to it in the same way, and [`connect`] and [`Token`] are there for it, with the connection
//! as [`fe2o3_amqp`] has it.
//!
//! # The flow
//!
//! ```text
//! EventHub::send -> scheduler -> queue of the key's partition -> sending -> transport -> hub
//!       ^                                                           |
//!       +------------------ delivery: stored, or why not <----------+
//! ```
//!
//! Each module uses only modules below it:
//!
//! ```text
//! event_hub            the producer as its users have it
//! scheduler            each job to its queue, and the hub's partitions followed
//! sending              a batch on its way, until it is settled
//! queue                what waits for one partition
//! keys                 which keys are in flight
//! shared_connection    the one connection that all partitions share
//! health               what is told of the hub
//! sdk                  Microsoft's SDK as a transport
//! sdk::connection
//! sdk::outcome         the outcomes that it hides
//! amqp                 this library's own transport
//! amqp::connection
//! amqp::link           the way to one partition
//! amqp::batch          events that travel together
//! amqp::encoding       an event as AMQP has it
//! amqp::description    what the hub says of itself
//! amqp::refusal        the library's errors as failures
//! amqp::stream         TCP, TLS, WebSockets, SASL
//! transport            the seam: what speaks AMQP
//! token                what is shown to the namespace
//! credential           of an identity
//! shared_access        made of a key
//! config               what can be chosen
//! connection_string
//! job                  a group on its way
//! delivery             groups that are sent together
//! messages             records as events
//! memory               one bound for all that waits
//! partition_key        the partition that a key belongs to
//! answer_time          how long an answer is waited for
//! backoff              the pause between attempts
//! error                why the hub has not taken events
//! ```

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

pub use amqp::{ConnectError, connect};
pub use config::{Access, Client, Config, TransportType};
pub use connection_string::{ConnectionString, SharedAccess};
pub use credential::Credential;
pub use delivery::{Outcome, Report};
pub use error::SendError;
pub use event_hub::{EventHub, Producer, StartError};
pub use health::Status;
pub use memory::{Memory, Reserved};
pub use messages::{Body, Entry, Group, Messages};
pub use sdk::not_accepted_layer;
pub use token::Token;

#[cfg(test)]
mod tests;
