//! JSON text, kept as it came.
//!
//! History must not change a digit on its way (`1.10` is not `1.1` to whoever entered it), so values never become
//! numbers here: every step passes [`RawValue`](serde_json::value::RawValue)s on, borrowed from the delivery's own text.

mod depth;
mod members;
mod reader;
mod string;
mod value;

pub use depth::{MAX_DEPTH, is_too_deep};
pub use members::{Fields, Members, NotUnicode, members, text};
pub use reader::Reader;
pub use string::{first_string, skip};
pub use value::{NULL, compact, without, write_text};
