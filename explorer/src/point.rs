//! A value and when it was set, with all that it takes to show both as they came.

use std::sync::Arc;

use crate::{
    moment::{self, Nanoseconds},
    value::Value,
};

/// A value and when it was set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) time: Nanoseconds,
    pub(crate) value: Value,
    /// What can't be told from the two above. Most points have nothing, and so cost nothing for it.
    pub(crate) note: Option<Arc<Note>>,
}

/// The texts of a point as they came, where they are not the usual ones.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub(crate) struct Note {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Box<str>>,
    /// When the source took the value.
    #[serde(rename = "source", skip_serializing_if = "Option::is_none")]
    pub(crate) source_time: Option<Box<str>>,
}

impl Point {
    /// `TimeStamp` as it came.
    pub(crate) fn time_text(&self) -> String {
        match self.note.as_deref() {
            Some(Note { time: Some(text), .. }) => text.to_string(),
            _ => moment::usual(self.time),
        }
    }

    /// The number as it came, where that is not the usual way to write it.
    pub(crate) fn value_as_received(&self) -> Option<&str> {
        self.note.as_deref()?.value.as_deref()
    }
}

impl Note {
    /// What it takes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        const ALLOCATION: usize = 16;
        let texts = [&self.time, &self.value, &self.source_time].into_iter().flatten();
        size_of::<Self>() + ALLOCATION + texts.map(|text| text.len() + ALLOCATION).sum::<usize>()
    }
}
