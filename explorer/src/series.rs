//! One series: the values of one property of one twin, in the order of their times.

use std::ops::Range;

pub(crate) use crate::point::{Note, Point};
use crate::{
    moment::{Nanoseconds, SECOND},
    points::{Block, Points, Slice},
};

/// How many of the newest points tell how often a series usually changes.
const USUAL_POINTS: usize = 1_000;

/// A pause that is this many times as long as the usual ones is a gap.
const GAP: Nanoseconds = 5;

/// The points of a series.
#[derive(Debug, Default)]
pub(crate) struct Series {
    points: Points,
    numbers: usize,
}

impl Series {
    /// Puts a point into its place; after those of the same time.
    pub(crate) fn insert(&mut self, point: Point) {
        self.numbers += usize::from(point.value.number().is_some());
        self.points.insert(point);
    }

    /// Drops the oldest points past this many, and answers how many these were.
    pub(crate) fn keep_newest(&mut self, count: usize) -> usize {
        let excess = self.points.len().saturating_sub(count);
        self.numbers -= self.numbers_in(0..excess);
        self.points.drop_oldest(excess);
        excess
    }

    fn numbers_in(&self, places: Range<usize>) -> usize {
        let of_slice = |slice: Slice| {
            if slice.is_whole() {
                slice.block.summary().count
            } else {
                slice.range.filter(|place| slice.block.number(*place).is_some()).count()
            }
        };
        self.points.slices(places).map(of_slice).sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// What it takes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.points.bytes()
    }

    /// Whether it is drawn as a curve: it has numbers.
    pub(crate) fn is_numeric(&self) -> bool {
        self.numbers > 0
    }

    pub(crate) fn first(&self) -> Option<Point> {
        self.points.get(0)
    }

    pub(crate) fn last(&self) -> Option<Point> {
        self.points.get(self.points.len().checked_sub(1)?)
    }

    pub(crate) fn points(&self) -> &Points {
        &self.points
    }

    /// The places of the points from one time to another, both included.
    pub(crate) fn between(&self, from: Nanoseconds, to: Nanoseconds) -> Range<usize> {
        let start = self.points.partition_point(|time| time < from);
        start..self.points.partition_point(|time| time <= to).max(start)
    }

    /// The longest pause between two points that a line may bridge: some times the usual pause of late.
    pub(crate) fn longest_pause(&self) -> Nanoseconds {
        let newest = self.points.range(self.points.len().saturating_sub(USUAL_POINTS)..self.points.len());
        let mut pauses: Vec<_> =
            newest.clone().zip(newest.skip(1)).map(|(earlier, later)| later.time - earlier.time).collect();
        if pauses.len() < 4 {
            return Nanoseconds::MAX;
        }
        // Not the median: some series change in bursts.
        let most = (pauses.len() * 9 / 10).min(pauses.len() - 1);
        let (_, usual, _) = pauses.select_nth_unstable(most);
        usual.saturating_mul(GAP).max(SECOND)
    }

    /// Whether a line must not run through all of these places: from the point before the first to the last.
    pub(crate) fn breaks_within(&self, places: Range<usize>, longest_pause: Nanoseconds) -> bool {
        let mut walk = Walk::before(self, places.start, longest_pause);
        self.points.slices(places).any(|slice| {
            if walk.skips(slice.block, &slice.range) {
                return walk.skip(slice.block);
            }
            slice.range.clone().any(|place| slice.block.time_and_number(place).is_some_and(|at| walk.step(at)))
        })
    }
}

/// A walk from point to point that tells where the line breaks.
#[derive(Debug)]
pub(crate) struct Walk {
    before: Option<(Nanoseconds, bool)>,
    longest_pause: Nanoseconds,
}

impl Walk {
    /// A walk that begins with the point at `place`.
    pub(crate) fn before(series: &Series, place: usize, longest_pause: Nanoseconds) -> Self {
        let before = place.checked_sub(1).and_then(|before| series.points.get(before));
        Self { before: before.map(|point| (point.time, point.value.number().is_some())), longest_pause }
    }

    /// Goes to the next point: whether no line leads there.
    pub(crate) fn step(&mut self, (time, number): (Nanoseconds, Option<f64>)) -> bool {
        let before = self.before.replace((time, number.is_some()));
        before.is_some_and(|(before, is_number)| !is_number || time.saturating_sub(before) > self.longest_pause)
    }

    /// Whether these are all points of the block, and the line runs through them from the first to the last.
    pub(crate) fn skips(&self, block: &Block, range: &Range<usize>) -> bool {
        let summary = block.summary();
        *range == (0..block.len()) && summary.first_other.is_none() && summary.longest_pause <= self.longest_pause
    }

    /// Goes to the end of such a block: whether no line leads to its first point.
    pub(crate) fn skip(&mut self, block: &Block) -> bool {
        let is_broken = self.step((block.first_time(), Some(0.0)));
        self.before = Some((block.last_time(), true));
        is_broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn point(seconds: i64, value: Value) -> Point {
        Point { time: seconds * SECOND, value, note: None }
    }

    fn numbers(times: impl IntoIterator<Item = i64>) -> Series {
        let mut series = Series::default();
        for time in times {
            series.insert(point(time, Value::Number(1.0)));
        }
        series
    }

    #[test]
    fn points_are_in_order_whatever_order_they_come_in() {
        let mut series = numbers([3, 1, 2]);
        series.insert(point(2, Value::Number(2.0)));
        let times: Vec<_> = series.points().range(0..4).map(|point| point.time / SECOND).collect();
        assert_eq!(times, [1, 2, 2, 3]);
        assert_eq!(
            series.points().get(2).unwrap().value,
            Value::Number(2.0),
            "the later of two equal times comes last"
        );
    }

    #[test]
    fn a_window_has_both_of_its_ends() {
        let series = numbers(0..10);
        assert_eq!(series.between(3 * SECOND, 5 * SECOND), 3..6);
        assert_eq!(series.between(20 * SECOND, 30 * SECOND), 10..10);
        assert_eq!(series.between(5 * SECOND, 3 * SECOND), 5..5, "a window the wrong way round is empty");
    }

    #[test]
    fn a_pause_far_longer_than_usual_is_a_gap() {
        let series = numbers((0..20).chain(60..80));
        let longest = series.longest_pause();
        assert_eq!(longest, 5 * SECOND);
        let breaks: Vec<_> =
            (0..series.len()).filter(|place| series.breaks_within(*place..place + 1, longest)).collect();
        assert_eq!(breaks, [20]);
        assert_eq!(numbers([0, 100]).longest_pause(), Nanoseconds::MAX, "nothing is usual yet");
    }

    #[test]
    fn a_removal_breaks_the_line() {
        let mut series = numbers([0, 1]);
        series.insert(point(2, Value::Removed));
        series.insert(point(3, Value::Number(1.0)));
        assert!(series.breaks_within(3..4, Nanoseconds::MAX));
        assert!(!series.breaks_within(0..3, Nanoseconds::MAX));
    }

    #[test]
    fn the_oldest_are_dropped_and_counted() {
        let mut series = numbers(0..10);
        assert_eq!(series.keep_newest(3), 7);
        assert_eq!(series.first().unwrap().time, 7 * SECOND);
        assert_eq!(series.keep_newest(3), 0);
        series.keep_newest(0);
        assert!(!series.is_numeric());
    }
}
