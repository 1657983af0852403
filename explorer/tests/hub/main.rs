//! The explorer and a hub: read in every way that there is, lost and found again, refused, and said why.

// clippy.toml excepts test functions, but not the functions they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod admission;
mod plant;
mod program;
mod readers;
mod reading;
mod relay;
mod trouble;
mod ways;

use std::time::Duration;

/// Far longer than anything here takes, so that only a real failure reaches it.
const TIMEOUT: Duration = Duration::from_secs(60);
