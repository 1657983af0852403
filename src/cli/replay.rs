//! `twin-bridge replay`: dead letters through the same steps to the hub, after somebody has mended what was wrong.

use std::{io, process::ExitCode};

use super::arguments::Replay;
use crate::{bridge::Bridge, dead_letters::Store};

mod dry_run;
mod files;
mod forwarding;
mod store;

pub use dry_run::DryRun;

/// Sends what is kept in `store`, or where there is none what is in the files of the arguments, until `stop`.
///
/// # Errors
/// Reading files, or writing the rest.
pub async fn run(
    arguments: &Replay,
    store: Option<&Store>,
    bridge: &Bridge,
    stop: impl Future<Output = ()>,
) -> io::Result<ExitCode> {
    match store {
        Some(store) => store::run(store, bridge, arguments.dry_run, stop).await,
        None => files::run(arguments, bridge, stop).await,
    }
}
