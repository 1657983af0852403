//! JSON as the Functions host reads and writes it, that is, as Newtonsoft.Json does.
//!
//! The host never passes a text on: it reads every event into a tree of [`Token`]s and writes the tree again, when an
//! invocation goes to the handler and when an output that is an object or an array comes back. What this loses and
//! changes is part of what a handler has to live with, so it is copied here: floats pass through a double, members that
//! occur twice collapse into the last one, whitespace goes, escapes are normalised. `serde_json` can't show the text of
//! a number without a feature that would change it for the whole workspace, hence the reader of our own.

mod invariant;
mod moment;
mod number;
mod reader;
mod timestamp;
mod token;
mod writer;

pub(super) use moment::Moment;
pub(super) use reader::{Dates, Malformed, Reader};
pub(super) use timestamp::utc_now;
pub(super) use token::{Members, Token};
