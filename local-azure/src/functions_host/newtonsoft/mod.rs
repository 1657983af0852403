//! JSON as the Functions host reads and writes it, that is, as Newtonsoft.Json does.
//!
//! The host never passes a text on: it reads every event into a tree of [`Token`]s and writes the tree again, when an
//! invocation goes to the handler and when an output that is an object or an array comes back. What this loses and
//! changes is part of what a handler has to live with, so it is copied here: floats pass through a double, members that
//! occur twice collapse into the last one, whitespace goes, escapes are normalised. `serde_json` can't show the text of
//! a number without a feature that would change it for the whole workspace, hence the reader of our own.

mod number;
mod reader;
mod timestamp;
mod writer;

pub(super) use reader::{Dates, Malformed, Reader};
pub(super) use timestamp::utc_now;

use indexmap::IndexMap;

/// Members in the order in which each name occurred first; a name that occurs again replaces the value in place.
pub(super) type Members = IndexMap<String, Token>;

/// A JSON value, told apart as far as the host does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number with neither fraction nor exponent, as its digits: it may be of any length.
    Integer(String),
    /// Any other number. May be infinite: `1e400` is.
    Float(f64),
    /// A text.
    String(String),
    /// A text that was read as a date, in the form in which it is written again. See [`Dates::Parsed`].
    Date(String),
    /// An array.
    Array(Vec<Token>),
    /// An object.
    Object(Members),
}

impl Token {
    /// Reads a text that must hold one JSON value and nothing after it. Dates stay texts.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let mut reader = Reader::new(text, Dates::Verbatim);
        let token = reader.value()?;
        reader.end()?;
        Ok(token)
    }

    /// An object of the given members.
    pub(super) fn object<const N: usize>(members: [(&str, Token); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The member of that name, if this is an object that has it.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }
}
