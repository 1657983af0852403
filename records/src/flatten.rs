//! What a notification carries as property changes: the reason for the library.
//!
//! What becomes of each operation is listed in the project's `docs/flattening.md`; the tests below follow that table.

mod change;
mod flattening;
mod key;
mod operation;
mod patch;
mod path;
mod problem;
mod source_times;

pub use change::Change;
pub use flattening::object;
pub use key::Key;
pub use patch::Patch;
pub use problem::{BadPayload, Problem};

#[cfg(test)]
mod tests;
