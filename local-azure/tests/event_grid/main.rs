//! The stand-in for an Event Grid topic, seen from its sides: a webhook, a publisher, a reader of dead letters.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml allows them in tests, not in their helpers"
)]

#[path = "../shared/blob_reader.rs"]
mod blob_reader;
mod clients;
mod dead_letters;
mod deliveries;
#[path = "../shared/azurite.rs"]
mod emulator;
mod handshakes;
mod host;
mod limits;
mod publishing;
mod retries;
#[path = "../shared/skipped.rs"]
mod skipped;
mod support;
