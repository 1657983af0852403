//! What the page draws of a series in a window: its points if they are few enough, else fewer that look the same
//! (`decimate`), or averages (`aggregate`).

mod aggregate;
mod decimate;
mod line;
mod window;

use serde::Serialize;

use self::line::{Line, points};
pub(crate) use self::window::{Interval, Window};
use crate::{moment::MILLISECOND, series::Series, value::Value};

/// A series as it is drawn. Times are milliseconds after `base`, exact to the ten-thousandth.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Curve {
    pub(crate) twin: String,
    pub(crate) key: String,
    pub(crate) kind: Kind,
    /// How many points there are in the window.
    pub(crate) of: usize,
    /// Milliseconds since 1970, whole.
    pub(crate) base: i64,
    pub(crate) latest: Option<Latest>,
    #[serde(flatten)]
    pub(crate) line: Line,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A curve.
    Number,
    /// A lane of states.
    Text,
}

/// The newest point of a series, in the window or not.
#[derive(Debug, Serialize)]
pub(crate) struct Latest {
    pub(crate) time: String,
    pub(crate) value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<Box<str>>,
}

impl Curve {
    /// Draws a series in a window; `None` stands for one that nothing is known of yet.
    pub(crate) fn draw(twin: &str, key: &str, series: Option<&Series>, window: &Window) -> Self {
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
