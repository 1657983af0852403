//! The path of an operation: a JSON Pointer (RFC 6901) from the twin's root.

use std::borrow::Cow;

use json_patch::jsonptr::{Pointer, PointerBuf, Token};

use super::{Problem, is_system};

/// A valid path, not decoded yet.
pub(super) struct Path<'a>(Cow<'a, Pointer>);

impl<'a> Path<'a> {
    /// The documentation prints `myComponent/$metadata/Temperature/sourceTime` without the leading slash
    /// (learn.microsoft.com, "Manage digital twins"), so this one form is taken without it as well.
    pub(super) fn parse(text: Cow<'a, str>) -> Result<Self, Problem> {
        let not_a_pointer = |_| Problem::NotAPointer;
        match text {
            Cow::Borrowed(text) if is_absolute(text) => {
                Ok(Self(Cow::Borrowed(Pointer::parse(text).map_err(|_| Problem::NotAPointer)?)))
            }
            text if is_absolute(&text) => Ok(Self(Cow::Owned(PointerBuf::parse(text).map_err(not_a_pointer)?))),
            text => {
                let path = Self(Cow::Owned(PointerBuf::parse(format!("/{text}")).map_err(not_a_pointer)?));
                if path.is_source_time() { Ok(path) } else { Err(Problem::NotAPointer) }
            }
        }
    }

    /// The decoded segments; none is the twin itself.
    pub(super) fn segments(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.0.tokens().map(decoded)
    }

    /// The decoded segments, if one of them is a system member's name.
    pub(super) fn system_segments(&self) -> Option<Vec<Cow<'_, str>>> {
        // Most paths hold no dollar at all, and need no list.
        if !self.0.as_str().contains('$') {
            return None;
        }
        let segments: Vec<_> = self.segments().collect();
        segments.iter().any(|segment| is_system(segment)).then_some(segments)
    }

    /// Whether it is the source time of a property of the twin, or of one of its components.
    fn is_source_time(&self) -> bool {
        let segments: Vec<_> = self.segments().collect();
        matches!(&*segments, [metadata, _, field] | [_, metadata, _, field] if metadata == "$metadata" && field == "sourceTime")
    }
}

fn is_absolute(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}

/// Without a tilde a token is its own decoding, and stays borrowed.
fn decoded(token: Token<'_>) -> Cow<'_, str> {
    if token.encoded().contains('~') { Cow::Owned(token.decoded().into_owned()) } else { token.into_encoded() }
}
