//! The path of an operation: a JSON Pointer (RFC 6901) from the twin's root.

use std::borrow::Cow;

use json_patch::jsonptr::{Pointer, PointerBuf};

use super::{
    key::{Key, is_system},
    problem::Problem,
};

/// A valid path, not decoded yet.
pub(super) enum Path<'a> {
    /// Segments, separated by `/`, that are what they look like: nothing to decode, nothing that a key escapes, and no
    /// system member's name. So are most.
    Plain(&'a str),
    Pointer(Cow<'a, Pointer>),
}

impl<'a> Path<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Problem> {
        match text.strip_prefix('/') {
            Some(segments) if is_plain(segments) => Ok(Self::Plain(segments)),
            None if !text.is_empty() => Self::without_slash(text),
            _ => Ok(Self::Pointer(Cow::Borrowed(Pointer::parse(text).map_err(|_| Problem::NotAPointer)?))),
        }
    }

    /// The documentation prints `myComponent/$metadata/Temperature/sourceTime` without the leading slash
    /// (learn.microsoft.com, "Manage digital twins"), so this one form is taken without it as well.
    fn without_slash(text: &str) -> Result<Self, Problem> {
        let pointer = PointerBuf::parse(format!("/{text}")).map_err(|_| Problem::NotAPointer)?;
        match &*decoded(&pointer) {
            [metadata, _, field] | [_, metadata, _, field] if metadata == "$metadata" && field == "sourceTime" => {
                Ok(Self::Pointer(Cow::Owned(pointer)))
            }
            _ => Err(Problem::NotAPointer),
        }
    }

    /// The decoded segments, if one of them is a system member's name.
    pub(super) fn system_segments(&self) -> Option<Vec<String>> {
        match self {
            Self::Plain(_) => None,
            Self::Pointer(pointer) => Some(decoded(pointer)).filter(|path| path.iter().any(|name| is_system(name))),
        }
    }

    /// The key of the property that it leads to, or `None` where that is the twin itself.
    pub(super) fn key(&self) -> Option<Key> {
        match self {
            Self::Plain(segments) => Some(Key::plain(segments)),
            Self::Pointer(pointer) => Key::of(&decoded(pointer)),
        }
    }
}

/// Whether segments hold none of the characters that mean something in a pointer, in a key or in a system member's name.
fn is_plain(segments: &str) -> bool {
    // Looking at all bytes lets the compiler look at several at a time.
    let means_something = |byte| matches!(byte, b'~' | b'.' | b'\\' | b'$');
    !segments.bytes().fold(false, |found, byte| found | means_something(byte))
}

/// The decoded segments; none is the twin itself.
fn decoded(pointer: &Pointer) -> Vec<String> {
    pointer.tokens().map(|token| token.decoded().into_owned()).collect()
}
