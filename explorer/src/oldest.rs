//! What goes when there is no more room: the oldest points, but of each series only so many that half of what would be
//! its share is left.

use crate::{moment::Nanoseconds, series::Series};

/// This part of the points is dropped at once, so that it need not be done for each point.
const AT_ONCE: usize = 16;

/// Among so many points the time is found up to which they are dropped.
const SAMPLED: usize = 20_000;

/// What was dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropped {
    pub(crate) points: usize,
    pub(crate) bytes: usize,
    /// The time up to which points were dropped.
    pub(crate) until: Nanoseconds,
}

/// Drops the oldest points of all series.
pub(crate) fn drop_oldest(all: Vec<&mut Series>) -> Dropped {
    let points: usize = all.iter().map(|series| series.len()).sum();
    let floor = (points / all.len().max(1) / 2).max(1);
    let until = cutoff(&all, points, floor);
    let mut dropped = Dropped { points: 0, bytes: 0, until };
    for series in all {
        let old = series.between(Nanoseconds::MIN, until).len();
        let bytes = series.bytes();
        dropped.points += series.keep_newest(series.len() - old.min(series.len().saturating_sub(floor)));
        dropped.bytes += bytes.saturating_sub(series.bytes());
    }
    dropped
}

/// The time up to which about the wanted part of the points may go.
fn cutoff(all: &[&mut Series], points: usize, floor: usize) -> Nanoseconds {
    let step = (points / SAMPLED).max(1);
    let of_series = |series: &&mut Series| {
        let places = (0..series.len().saturating_sub(floor)).skip(step - 1).step_by(step);
        places.filter_map(|place| Some(series.points().get(place)?.time)).collect::<Vec<_>>()
    };
    let mut times: Vec<_> = all.iter().flat_map(of_series).collect();
    let last = (points / AT_ONCE / step).min(times.len().saturating_sub(1));
    if times.is_empty() { Nanoseconds::MAX } else { *times.select_nth_unstable(last).1 }
}
