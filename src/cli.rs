//! The command line: tools that run the same steps on files.

mod arguments;
mod input;

pub mod flatten;
pub mod replay;

pub use arguments::{Cli, Command, Replay};
