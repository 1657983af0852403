//! A property's path as one text: the key of its time series.

use std::{borrow::Borrow, fmt};

/// The segments of a property's path, joined with `.`; a `.` or `\` inside a segment is escaped with `\`, so that the
/// key can be taken apart again: `Front.Temperature`, `labels.v1\.2`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// The key of a path, or `None` for the path of the twin itself, which has no segments.
    pub(super) fn of<S: AsRef<str>>(path: &[S]) -> Option<Self> {
        path.iter().fold(None, |parent, segment| Some(Self::member(parent.as_ref(), segment.as_ref())))
    }

    /// The key of a path whose segments, separated by `/`, hold nothing to escape.
    pub(super) fn plain(segments: &str) -> Self {
        Self(segments.replace('/', "."))
    }

    /// The key of a member of `parent` (`None`: of the twin).
    pub(super) fn member(parent: Option<&Self>, name: &str) -> Self {
        let mut key = String::with_capacity(parent.map_or(0, |parent| parent.0.len() + 1) + name.len());
        if let Some(parent) = parent {
            key.push_str(&parent.0);
            key.push('.');
        }
        let mut rest = name;
        while let Some(escaped) = rest.bytes().position(|byte| matches!(byte, b'.' | b'\\')) {
            let (before, after) = rest.split_at(escaped);
            key.extend([before, "\\", &after[..1]]);
            rest = &after[1..];
        }
        key.push_str(rest);
        Self(key)
    }

    /// The key, then that of the object it is a member of, and so on up to the twin's own property.
    pub(super) fn with_parents(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.as_str()), |key| {
            let dots = key.rmatch_indices('.').map(|(dot, _)| &key[..dot]);
            dots.into_iter().find(|parent| !ends_in_escape(parent))
        })
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Members that Azure Digital Twins adds for itself: `$metadata`, `$dtId` and the like.
pub(super) fn is_system(name: &str) -> bool {
    name.starts_with('$')
}

/// Whether the character after `text` is escaped: by a backslash that is not itself escaped.
fn ends_in_escape(text: &str) -> bool {
    text.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Takes a key apart again, as a consumer would.
#[cfg(test)]
pub(super) fn segments(key: &str) -> Vec<String> {
    let mut segments = vec![String::new()];
    let mut characters = key.chars();
    while let Some(character) = characters.next() {
        match character {
            '.' => segments.push(String::new()),
            '\\' => segments.last_mut().unwrap().extend(characters.next()),
            other => segments.last_mut().unwrap().push(other),
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_dot_inside_a_segment_is_escaped() {
        assert_eq!(Key::of(&["labels", "v1.2", r"a\b"]).unwrap().as_str(), r"labels.v1\.2.a\\b");
        assert_eq!(Key::of::<&str>(&[]), None);
        assert_eq!(Key::of(&["", "x"]).unwrap().as_str(), ".x");
    }

    #[test]
    fn parents_end_at_dots_that_separate() {
        let key = Key::of(&["a.b", r"c\", "d"]).unwrap();
        assert_eq!(key.with_parents().collect::<Vec<_>>(), [r"a\.b.c\\.d", r"a\.b.c\\", r"a\.b"]);
    }

    proptest! {
        #[test]
        fn a_key_can_be_taken_apart_again(path in prop::collection::vec(r"[a-c.\\$ /~ä]{0,4}", 1..5)) {
            let key = Key::of(&path).unwrap();
            prop_assert_eq!(segments(key.as_str()), path.clone());
            let parents: Vec<_> = (1..=path.len()).rev().map(|end| Key::of(&path[..end]).unwrap().to_string()).collect();
            prop_assert_eq!(key.with_parents().map(str::to_owned).collect::<Vec<_>>(), parents);
        }
    }
}
