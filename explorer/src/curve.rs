//! What the page draws of a series in a window: its points if they are few enough, else fewer that look the same
//! (`decimate`), or averages (`aggregate`).

mod aggregate;
mod decimate;
mod kind;
mod line;
mod window;

use serde::Serialize;

pub(crate) use self::window::{Interval, Window};
use self::{
    kind::Kind,
    line::{Line, points},
};
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
        let kind = Kind::of(series);
        let inside = series.between(window.from, window.to);
        let latest = series.last().map(|point| Latest {
            time: point.time_text(),
            value: point.value.clone(),
            text: point.value_as_received().map(Box::from),
        });
        // The neighbours too, so that lines run to the edges and a state is known from the start.
        let with_neighbours = inside.start.saturating_sub(1)..(inside.end + 1).min(series.len());
        let interval = match kind {
            // Nobody asks for the average of an enumeration, unless they say so.
            Kind::Step if window.interval == Interval::Auto => None,
            Kind::Text => None,
            Kind::Number | Kind::Step => window.interval.length(window, inside.len()),
        };
        let line = match interval {
            Some(length) => aggregate::aggregate(series, with_neighbours, length, base),
            _ if inside.len() <= window.most_points() => points(series, with_neighbours, base, true),
            _ => points(series, decimate::decimate(series, with_neighbours, window), base, false),
        };
        Self { twin: twin.to_owned(), key: key.to_owned(), kind, of: inside.len(), base, latest, line }
    }
}
