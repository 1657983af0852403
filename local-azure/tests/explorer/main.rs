//! The explorer as a browser sees it: over HTTP, with records that came out of the local Event Hubs endpoint, to which
//! Microsoft's client sent them.

// clippy.toml excepts test functions, but not the functions they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod api;
mod bounds;
mod browser;
mod connection;
mod factory;

use std::time::Duration;

/// Far longer than anything here takes, so that only a real failure reaches it.
const TIMEOUT: Duration = Duration::from_secs(30);
