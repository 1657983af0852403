//! A JSON value, as the host keeps it between reading and writing.

use indexmap::IndexMap;

/// Members in the order in which each name occurred first; a name that occurs again replaces the value in place.
pub(in super::super) type Members = IndexMap<String, Token>;

/// A JSON value, told apart as far as the host does.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Token {
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
    /// A text that was read as a date, in the form in which it is written again. See [`super::Dates::Parsed`].
    Date(String),
    /// An array.
    Array(Vec<Token>),
    /// An object.
    Object(Members),
}

impl Token {
    /// An object of the given members.
    pub(in super::super) fn object<const N: usize>(members: [(&str, Token); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The member of that name, if this is an object that has it.
    pub(in super::super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }
}
