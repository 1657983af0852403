//! A Service Bus endpoint that speaks AMQP 1.0 on loopback: topics whose subscriptions are received from under a lock,
//! when there is no Azure.
//!
//! A client's bytes take this way, through modules each of which can be read on its own:
//!
//! ```text
//! connection    TCP, SASL; frames (frame) come in, and go out when there is room (outbox)
//! session       windows, numbers, and the links that the client attaches
//! link          which entity is meant (node), may this client use it, then one of
//!   incoming      messages come in: put together, and handed to a topic or to those who answer requests
//!     requests      $cbs: a token becomes a grant; $management: locks renewed, messages peeked at and settled (answer)
//!   outgoing      messages go out: one for each credit, locked or at once removed
//!     deliveries    numbered, cut into frames, and settled by the client
//! store         topics, their subscriptions and what these hold
//! queue         order, locks, delivery counts; what was delivered too often (message, settlement)
//! ```
//!
//! [`ServiceBus`] owns a thread with a runtime of its own, so that any test can use it whatever runtime it runs on, and
//! so that stopping it is as abrupt for clients as killing a process. Tests read [`ServiceBus::messages`] and
//! [`ServiceBus::dead_letters`], wait with [`ServiceBus::wait_until`], and make the service misbehave through
//! [`ServiceBus::faults`].
//!
//! Left out, because nothing here needs it: TLS, queues without a topic, rules and filters, sessions of messages,
//! scheduled and deferred messages, time to live, duplicate detection, forwarding, transactions, expiry of the
//! authorisation of a link that receives.

mod answer;
mod client;
mod config;
mod connection;
mod deliveries;
mod endpoint;
mod faults;
mod frame;
mod incoming;
mod link;
mod management;
mod message;
mod node;
mod outbox;
mod outgoing;
mod queue;
mod requests;
mod service;
mod session;
mod settlement;
mod store;

pub use self::{
    config::{Config, SubscriptionConfig, TopicConfig},
    endpoint::ServiceBus,
    faults::Faults,
    message::StoredMessage,
};
pub use crate::amqp::{
    connections::ConnectionCounts,
    misbehaviour::{Reception, TokenAnswer},
};
