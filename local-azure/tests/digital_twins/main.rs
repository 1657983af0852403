//! The stand-in for Azure Digital Twins, as clients of its API and consumers of its notifications see it.
//!
//! `notifications` and `endpoints` compare with the examples that Azure publishes, `clients` has Microsoft's own client for Python.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml allows them in tests, not in their helpers"
)]

mod anything;
mod clients;
mod components;
mod concurrency;
mod endpoints;
mod event_routes;
mod examples;
mod models;
mod notifications;
mod queries;
mod relationships;
mod requests;
mod service;
#[path = "../shared/skipped.rs"]
mod skipped;
mod support;
mod telemetry;
mod twins;
