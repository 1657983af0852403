//! The stand-in for the Functions host, seen from both of its sides: a sender of events and a handler.
//!
//! `contract` and `forwarding` have cases of our own, `recordings` and `forwarded` replay those of a real host, `process`
//! has real handler processes, `azurite` writes to a storage emulator where one is installed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml allows them in tests, not in their helpers"
)]

mod azurite;
#[path = "../shared/blob_reader.rs"]
mod blob_reader;
mod broker_recordings;
mod contract;
#[path = "../shared/azurite.rs"]
mod emulator;
mod event_hub_trigger;
mod forwarded;
mod forwarding;
mod namespace;
mod process;
mod recordings;
mod service_bus_trigger;
#[path = "../shared/skipped.rs"]
mod skipped;
mod support;
