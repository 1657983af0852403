//! A stand-in for Azure Digital Twins: a graph of twins that tells of every change.
//!
//! ```text
//! REST API (rest) ──┐
//!                   ├─> graph ──> state: models (interface, schema), twins (twin, patch), relationships
//! a simulator ──────┘     │
//!                         └─> notification ──> routes (filter) ──> endpoints: events for Event Grid
//! ```
//!
//! `graph` makes a change and tells of it; `state` is what it changes. It is faithful to the data plane API in its
//! versions 2020-10-31 to 2023-10-31 where clients and consumers of events can tell the difference. It keeps everything
//! in memory, accepts every credential, and knows no jobs, no data history, no full query language, and no limits of
//! throughput. Where documentation is silent, a comment says that what is done is our reading.

mod config;
mod contents;
mod error;
mod etag;
mod filter;
mod graph;
mod interface;
mod lexer;
mod models;
mod notification;
mod patch;
mod precondition;
mod query;
mod relationship;
mod rest;
mod routes;
mod schema;
mod service;
mod state;
mod telemetry;
mod timestamp;
mod turns;
mod twin;
mod update;

pub use config::Config;
pub use error::Error;
pub use graph::Graph;
pub use precondition::Precondition;
pub use query::{Page, Request as QueryRequest};
pub use routes::{Endpoint, EventRoute};
pub use service::{DigitalTwins, StartError};
pub use telemetry::Telemetry;
pub use timestamp::now;
