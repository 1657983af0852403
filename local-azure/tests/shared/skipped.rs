//! A test that can't run says so.

use std::io::Write;

/// Says why, past the capturing of test output, and in one piece, since tests run side by side.
pub(crate) fn skipped(why: &str) {
    let _ = std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes());
}
