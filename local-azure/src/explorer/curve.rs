//! What the page draws of a series in a window: its points if they are few enough, else fewer that look the same
//! (`decimate`), or averages (`aggregate`).

use std::{collections::BTreeMap, ops::Range};

use serde::Serialize;

use super::{
    moment::{MILLISECOND, Nanoseconds},
    series::{Note, Series},
    value::Value,
};

mod aggregate;
mod decimate;

pub(super) use aggregate::Interval;

/// What to draw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: Nanoseconds,
    pub(super) to: Nanoseconds,
    /// How many pixels there are for it.
    pub(super) width: usize,
    pub(super) interval: Interval,
}

/// A series as it is drawn. Times are milliseconds after `base`, exact to the ten-thousandth.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Curve {
    pub(super) twin: String,
    pub(super) key: String,
    pub(super) kind: Kind,
    /// How many points there are in the window.
    pub(super) of: usize,
    /// Milliseconds since 1970, whole.
    pub(super) base: i64,
    pub(super) latest: Option<Latest>,
    #[serde(flatten)]
    pub(super) line: Line,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// A curve.
    Number,
    /// A lane of states.
    Text,
}

/// The newest point of a series, in the window or not.
#[derive(Debug, Serialize)]
pub(super) struct Latest {
    pub(super) time: String,
    pub(super) value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Box<str>>,
}

/// What is drawn.
#[derive(Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum Line {
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
        count: Vec<usize>,
        /// The places of those that no line leads to.
        breaks: Vec<usize>,
        /// The times of removals.
        removals: Vec<f64>,
    },
}

impl Curve {
    /// Draws a series in a window; `None` stands for one that nothing is known of yet.
    pub(super) fn draw(twin: &str, key: &str, series: Option<&Series>, window: &Window) -> Self {
        let base = window.from.div_euclid(MILLISECOND);
        let nothing = Series::default();
        let series = series.unwrap_or(&nothing);
        let kind = if series.is_numeric() || series.len() == 0 { Kind::Number } else { Kind::Text };
        let inside = series.between(window.from, window.to);
        let latest = series.last().map(|point| Latest {
            time: point.time_text(),
            value: point.value.clone(),
            text: point.value_as_received().map(Box::from),
        });
        // The neighbours too, so that lines run to the edges and a state is known from the start.
        let with_neighbours = inside.start.saturating_sub(1)..(inside.end + 1).min(series.len());
        let interval = window.interval.length(window, inside.len());
        let line = match interval {
            Some(length) if kind == Kind::Number => aggregate::aggregate(series, with_neighbours, length, base),
            _ if inside.len() <= window.most_points() => points(series, with_neighbours, base, true),
            _ => points(series, decimate::decimate(series, with_neighbours, window), base, false),
        };
        Self { twin: twin.to_owned(), key: key.to_owned(), kind, of: inside.len(), base, latest, line }
    }
}

impl Window {
    /// Up to how many points are drawn as they are.
    pub(super) fn most_points(&self) -> usize {
        2 * self.width
    }
}

fn points(series: &Series, places: impl IntoIterator<Item = usize>, base: i64, exact: bool) -> Line {
    let longest_pause = series.longest_pause();
    let (mut t, mut v, mut breaks, mut notes) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
    let mut looked_at: Option<usize> = None;
    for place in places {
        let Some(point) = series.points().get(place) else { continue };
        let broken = |at: Range<usize>| at.into_iter().any(|place| series.breaks_before(place, longest_pause));
        if looked_at.is_some_and(|before| broken(before + 1..place + 1)) {
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
fn after(base: i64, time: Nanoseconds) -> f64 {
    // Azure counts no finer, and one division leaves no stray digits.
    (time.saturating_sub(base.saturating_mul(MILLISECOND)) / 100) as f64 / 10_000.0
}
