//! The command line: tools that run the same steps on what lies somewhere.

mod arguments;
mod input;

pub mod flatten;
pub mod replay;

pub use arguments::{Cli, Command, Replay};
pub use replay::DryRun;
