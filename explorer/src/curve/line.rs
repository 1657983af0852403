//! The line that is drawn of a series, in the form that the page gets.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    moment::{MILLISECOND, Nanoseconds},
    series::{Note, Series},
    value::Value,
};

/// What is drawn.
#[derive(Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(crate) enum Line {
    /// Points as they were recorded: all of them, or the outermost of each pixel.
    Points {
        /// Whether these are all.
        exact: bool,
        /// Their times.
        t: Vec<f64>,
        /// Their values; null is a removal.
        v: Vec<Value>,
        /// The places of those that no line leads to.
        breaks: Vec<usize>,
        /// What else there is to say of some, by place.
        notes: BTreeMap<usize, Note>,
    },
    /// Averages over intervals.
    Aggregates {
        /// Milliseconds.
        interval: i64,
        /// The beginnings of the intervals that have points.
        t: Vec<f64>,
        avg: Vec<f64>,
        min: Vec<f64>,
        max: Vec<f64>,
        last: Vec<f64>,
        count: Vec<usize>,
        /// The places of those that no line leads to.
        breaks: Vec<usize>,
        /// The times of removals.
        removals: Vec<f64>,
    },
}

/// Draws the points at `places` as they are. `base` is in milliseconds.
pub(super) fn points(series: &Series, places: impl IntoIterator<Item = usize>, base: i64, exact: bool) -> Line {
    let longest_pause = series.longest_pause();
    let (mut t, mut v, mut breaks, mut notes) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
    let mut looked_at: Option<usize> = None;
    for place in places {
        let Some(point) = series.points().get(place) else { continue };
        if looked_at.is_some_and(|before| series.breaks_within(before + 1..place + 1, longest_pause)) {
            breaks.push(t.len());
        }
        looked_at = Some(place);
        if let Some(note) = point.note.as_deref() {
            notes.insert(t.len(), note.clone());
        }
        t.push(after(base, point.time));
        v.push(point.value.clone());
    }
    Line::Points { exact, t, v, breaks, notes }
}

/// Milliseconds from `base`, which is in milliseconds, to a time.
#[allow(clippy::cast_precision_loss, reason = "a double counts tenths of a microsecond for centuries")]
pub(super) fn after(base: i64, time: Nanoseconds) -> f64 {
    // Azure counts no finer, and one division leaves no stray digits.
    (time.saturating_sub(base.saturating_mul(MILLISECOND)) / 100) as f64 / 10_000.0
}
