//! A stand-in for Azure Digital Twins: a graph of twins that tells of every change.
//!
//! ```text
//! REST API (rest) ───┐
//!                    ├─> graph ──> state: models (interface, schema), twins (twin, patch), relationships
//! a program with it ─┘     │
//!                          └─> notification ──> routes (filter) ──> outlet ─┬─> events for Event Grid
//!                                                                           └─> amqp_endpoint: messages for Event Hubs
//!                                                                               and Service Bus
//! ```
//!
//! `graph` makes a change and tells of it; `state` is what it changes. An `outlet` is an endpoint that is open; an
//! `amqp_endpoint` has a queue and a task, `sending`, that keeps what is `unsettled` until a `link` has an outcome for it.
//! It is faithful to the data plane API in its
//! versions 2020-10-31 to 2023-10-31 where clients and consumers of events can tell the difference. It keeps everything
//! in memory, accepts every credential, and knows no jobs, no data history, no full query language, and no limits of
//! throughput but what tests bespeak (`faults`). Where documentation is silent, a comment says that what is done is our
//! reading.

mod amqp_endpoint;
mod config;
mod contents;
mod endpoint;
mod error;
mod etag;
mod faults;
mod filter;
mod graph;
mod interface;
mod lexer;
mod link;
mod message;
mod models;
mod notification;
mod outlet;
mod patch;
mod precondition;
mod query;
mod relationship;
mod rest;
mod routes;
mod schema;
mod sending;
mod service;
mod snapshot;
mod state;
mod telemetry;
mod timestamp;
mod turns;
mod twin;
mod unsettled;
mod update;

pub use config::Config;
pub use endpoint::{Destination, Endpoint};
pub use error::Error;
pub use faults::{Faults, Trouble};
pub use graph::Graph;
pub use outlet::InvalidEndpoint;
pub use precondition::Precondition;
pub use query::{Page, Request as QueryRequest};
pub use routes::EventRoute;
pub use service::{DigitalTwins, StartError};
pub use snapshot::EndpointSnapshot;
pub use telemetry::Telemetry;
pub use timestamp::now;
