//! The path of an operation: a JSON Pointer (RFC 6901) from the twin's root.

use std::borrow::Cow;

use json_patch::jsonptr::{Pointer, PointerBuf};

use super::{Key, Problem, is_system};

/// A valid path, not decoded yet.
pub(super) struct Path<'a> {
    pointer: Cow<'a, Pointer>,
    /// Whether its segments are what they look like: no system member's name, nothing to decode, and nothing that a key
    /// escapes. Most are.
    is_plain: bool,
}

impl<'a> Path<'a> {
    /// The documentation prints `myComponent/$metadata/Temperature/sourceTime` without the leading slash
    /// (learn.microsoft.com, "Manage digital twins"), so this one form is taken without it as well.
    pub(super) fn parse(text: &'a str) -> Result<Self, Problem> {
        if text.is_empty() || text.starts_with('/') {
            let pointer = Pointer::parse(text).map_err(|_| Problem::NotAPointer)?;
            // Looking at all bytes lets the compiler look at several at a time.
            let special = |byte| matches!(byte, b'$' | b'~' | b'.' | b'\\');
            let is_plain = text.bytes().fold(true, |plain, byte| plain & !special(byte));
            return Ok(Self { pointer: Cow::Borrowed(pointer), is_plain });
        }
        let pointer = PointerBuf::parse(format!("/{text}")).map_err(|_| Problem::NotAPointer)?;
        let path = Self { pointer: Cow::Owned(pointer), is_plain: false };
        match &*path.segments() {
            [metadata, _, field] | [_, metadata, _, field] if metadata == "$metadata" && field == "sourceTime" => {
                Ok(path)
            }
            _ => Err(Problem::NotAPointer),
        }
    }

    /// The decoded segments, if one of them is a system member's name.
    pub(super) fn system_segments(&self) -> Option<Vec<String>> {
        if self.is_plain {
            return None;
        }
        let segments = self.segments();
        segments.iter().any(|segment| is_system(segment)).then_some(segments)
    }

    /// The key of the property that it leads to, or `None` where that is the twin itself.
    pub(super) fn key(&self) -> Option<Key> {
        match self.pointer.as_str().strip_prefix('/') {
            Some(segments) if self.is_plain => Some(Key::plain(segments)),
            _ => Key::of(&self.segments()),
        }
    }

    /// The decoded segments; none is the twin itself.
    fn segments(&self) -> Vec<String> {
        self.pointer.tokens().map(|token| token.decoded().into_owned()).collect()
    }
}
