//! What can be asked of the executable.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Turns the change notifications of Azure Digital Twins into time-series records in an event hub.
///
/// Without a command it serves the Azure Functions host as a custom handler, with app settings from the environment.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints the records of the notifications in a file, one JSON object a line, as the event hub would get them.
    ///
    /// Bad events are named on stderr with the reason and make the exit code 2.
    Flatten {
        /// A file with one event, an array of events, or one a line, in either schema; `-` is stdin.
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Sends dead letters to the event hub, with the app settings of the handler.
    ///
    /// Without files it takes those in the storage account, or the folder, where the handler and Event Grid put them, and
    /// deletes there what the event hub has accepted. Ends with exit code 0 if nothing is left over, 2 if some events still
    /// can't be recorded or a blob was changed meanwhile, 1 if it could not go on.
    Replay(Replay),
}

/// Which dead letters to send, and what to do with those that stay bad.
#[derive(Debug, Args)]
pub struct Replay {
    /// Files with one event, an array of events, or one a line, in either schema, instead of where dead letters are kept.
    pub files: Vec<PathBuf>,
    /// Only say what would be sent and what is still bad.
    #[arg(long, conflicts_with = "files")]
    pub dry_run: bool,
    /// Append what still can't be recorded to this file, one dead letter a line.
    #[arg(long, value_name = "FILE", requires = "files")]
    pub rest: Option<PathBuf>,
    /// Leave out the first events of all files together: where an interrupted replay said to go on.
    #[arg(long, value_name = "EVENTS", default_value_t = 0, requires = "files")]
    pub skip: usize,
}

/// The exit code when some of the input could not be recorded.
pub(super) const SOME_BAD: u8 = 2;
