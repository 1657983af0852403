//! One series: the values of one property of one twin, in the order of their times.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use crate::{
    moment::{self, Nanoseconds, SECOND},
    value::Value,
};

/// How many of the newest points tell how often a series usually changes.
const USUAL_POINTS: usize = 1_000;

/// A pause that is this many times as long as the usual ones is a gap.
const GAP: Nanoseconds = 5;

/// A value and when it was set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) time: Nanoseconds,
    pub(crate) value: Value,
    /// What can't be told from the two above. Most points have nothing, and so cost nothing for it.
    pub(crate) note: Option<Box<Note>>,
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

/// The points of a series.
#[derive(Debug, Default)]
pub(crate) struct Series {
    points: VecDeque<Point>,
    numbers: usize,
}

impl Series {
    /// Puts a point into its place; after those of the same time.
    pub(crate) fn insert(&mut self, mut point: Point) {
        self.share_text(&mut point);
        self.numbers += usize::from(point.value.number().is_some());
        match self.points.back() {
            Some(last) if last.time > point.time => {
                let place = self.points.partition_point(|other| other.time <= point.time);
                self.points.insert(place, point);
            }
            _ => self.points.push_back(point),
        }
    }

    /// States come and go, and are kept once.
    fn share_text(&self, point: &mut Point) {
        let Value::Text(text) = &mut point.value else { return };
        for earlier in self.points.iter().rev().take(4) {
            if let Value::Text(known) = &earlier.value
                && known == text
            {
                *text = Arc::clone(known);
                return;
            }
        }
    }

    /// Drops the oldest points past this many, and answers how many these were.
    pub(crate) fn keep_newest(&mut self, count: usize) -> usize {
        let excess = self.points.len().saturating_sub(count);
        let dropped = self.points.drain(..excess).filter(|point| point.value.number().is_some()).count();
        self.numbers -= dropped;
        excess
    }

    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether it is drawn as a curve: it has numbers.
    pub(crate) fn is_numeric(&self) -> bool {
        self.numbers > 0
    }

    pub(crate) fn first(&self) -> Option<&Point> {
        self.points.front()
    }

    pub(crate) fn last(&self) -> Option<&Point> {
        self.points.back()
    }

    pub(crate) fn points(&self) -> &VecDeque<Point> {
        &self.points
    }

    /// The places of the points from one time to another, both included.
    pub(crate) fn between(&self, from: Nanoseconds, to: Nanoseconds) -> Range<usize> {
        let start = self.points.partition_point(|point| point.time < from);
        start..self.points.partition_point(|point| point.time <= to).max(start)
    }

    /// The longest pause between two points that a line may bridge: some times the usual pause of late.
    pub(crate) fn longest_pause(&self) -> Nanoseconds {
        let newest = self.points.range(self.points.len().saturating_sub(USUAL_POINTS)..);
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

    /// Whether a line must not run from the point before this one to it.
    pub(crate) fn breaks_before(&self, place: usize, longest_pause: Nanoseconds) -> bool {
        let Some(before) = place.checked_sub(1).and_then(|before| self.points.get(before)) else { return false };
        let Some(point) = self.points.get(place) else { return false };
        before.value.number().is_none() || point.time - before.time > longest_pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let times: Vec<_> = series.points().iter().map(|point| point.time / SECOND).collect();
        assert_eq!(times, [1, 2, 2, 3]);
        assert_eq!(series.points()[2].value, Value::Number(2.0), "the later of two equal times comes last");
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
        let breaks: Vec<_> = (0..series.len()).filter(|place| series.breaks_before(*place, longest)).collect();
        assert_eq!(breaks, [20]);
        assert_eq!(numbers([0, 100]).longest_pause(), Nanoseconds::MAX, "nothing is usual yet");
    }

    #[test]
    fn a_removal_breaks_the_line() {
        let mut series = numbers([0, 1]);
        series.insert(point(2, Value::Removed));
        series.insert(point(3, Value::Number(1.0)));
        assert!(series.breaks_before(3, Nanoseconds::MAX));
        assert!(!series.breaks_before(1, Nanoseconds::MAX));
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
