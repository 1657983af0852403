//! The factory in an instance: the stand-in for Azure Digital Twins, over HTTP, as `cargo factory` reaches any.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml allows them in tests, not in their helpers"
)]

mod changes;
mod clients;
mod program;
mod removals;
mod support;
mod throttling;
mod tls;
mod uploads;
