//! An Event Hubs endpoint that speaks AMQP 1.0 on loopback: what the bridge sends to and consumers read from when there
//! is no Azure.
//!
//! A client's bytes take this way, through modules each of which can be read on its own:
//!
//! ```text
//! connection   TCP, SASL, sessions; every link the client attaches goes to
//! link         which node is meant (node), may this client use it (grants), then one of
//!   cbs          $cbs: a token becomes a grant (sas checks its signature)  } both through
//!   management   $management: what hubs and partitions there are           } request_response
//!   ingest       events come in: batch unpacked, stored whole or not, answered as faults say
//!   consumer     events go out: from a start position on, then as they arrive, while readers leaves it its place
//! store        hubs, partitions and the events they retain (event, partition_key)
//! ```
//!
//! [`EventHubs`] owns a thread with a runtime of its own, so that any test can use it whatever runtime it runs on, and
//! so that stopping it is as abrupt for clients as killing a process. Tests read [`EventHubs::events`], wait with
//! [`EventHubs::wait_for`], and make the service misbehave through [`EventHubs::faults`]. [`Control`] gives the same to
//! programs in other processes, over HTTP.
//!
//! Left out, because nothing here needs it: TLS, transactions, capture, exclusive and idempotent producers, the refusal
//! of start positions beyond the end, expiry of the authorisation of a link that consumes.

mod client;
mod config;
mod connection;
mod consumer;
mod control;
mod endpoint;
mod event;
mod faults;
mod ingest;
mod link;
mod management;
mod misbehaviour;
mod node;
mod partition;
mod partition_key;
mod readers;
mod request_response;
mod service;
mod start_position;
mod store;

pub use self::{
    config::{Config, HubConfig},
    control::Control,
    endpoint::{EventHubs, TooFewEvents},
    event::StoredEvent,
    faults::Faults,
    misbehaviour::{Answer, Cut, Matching},
};
pub use crate::amqp::{
    connections::ConnectionCounts,
    misbehaviour::{Reception, TokenAnswer},
};
