//! Averages, lowest, highest and last over intervals that begin at whole multiples of their length.

use std::ops::Range;

use super::line::{Line, after};
use crate::{
    moment::{MILLISECOND, Nanoseconds},
    points::{Block, Slice},
    series::{Series, Walk},
};

#[derive(Clone, Copy)]
struct Bucket {
    start: Nanoseconds,
    sum: f64,
    min: f64,
    max: f64,
    last: f64,
    count: usize,
    broken: bool,
}

impl Bucket {
    fn add(&mut self, other: &Self) {
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.last = other.last;
        self.count += other.count;
    }

    /// A block's numbers, all of them in the interval that begins at `start`.
    fn of_block(block: &Block, start: Nanoseconds) -> Option<Self> {
        let summary = block.summary();
        Some(Self {
            start,
            sum: summary.sum,
            min: block.number(summary.lowest)?,
            max: block.number(summary.highest)?,
            last: block.number(block.len().checked_sub(1)?)?,
            count: summary.count,
            broken: false,
        })
    }
}

/// The intervals so far.
struct Buckets {
    length: Nanoseconds,
    all: Vec<Bucket>,
    broken: bool,
}

impl Buckets {
    fn start_of(&self, time: Nanoseconds) -> Nanoseconds {
        // Dividing is what takes most of the time.
        match self.all.last() {
            Some(last) if last.start <= time && time - last.start < self.length => last.start,
            _ => time.div_euclid(self.length).saturating_mul(self.length),
        }
    }

    fn add(&mut self, bucket: Bucket) {
        // What broke within an interval still joins it to the next one.
        let broken = std::mem::take(&mut self.broken);
        match self.all.last_mut() {
            Some(last) if last.start == bucket.start => last.add(&bucket),
            before => {
                let broken = broken && before.is_some();
                self.all.push(Bucket { broken, ..bucket });
            }
        }
    }
}

/// Averages the points at `places`. `base` is in milliseconds.
pub(super) fn aggregate(series: &Series, places: Range<usize>, length: Nanoseconds, base: i64) -> Line {
    let mut walk = Walk::before(series, places.start, series.longest_pause());
    let mut found = Buckets { length, all: Vec::new(), broken: false };
    let mut removals = Vec::new();
    for Slice { block, range, .. } in series.points().slices(places) {
        let (first, last) = (found.start_of(block.first_time()), found.start_of(block.last_time()));
        if first == last
            && walk.skips(block, &range)
            && let Some(bucket) = Bucket::of_block(block, first)
        {
            found.broken |= walk.skip(block);
            found.add(bucket);
            continue;
        }
        for (time, number) in range.filter_map(|place| block.time_and_number(place)) {
            found.broken |= walk.step((time, number));
            let start = found.start_of(time);
            match number {
                Some(value) => {
                    found.add(Bucket {
                        start,
                        sum: value,
                        min: value,
                        max: value,
                        last: value,
                        count: 1,
                        broken: false,
                    });
                }
                // One of an interval is enough to see.
                None if removals
                    .last()
                    .is_none_or(|last: &Nanoseconds| last.div_euclid(length) != time.div_euclid(length)) =>
                {
                    removals.push(time);
                }
                None => {}
            }
        }
    }
    let buckets = found.all;
    #[allow(clippy::cast_precision_loss, reason = "no interval has that many points")]
    let avg = buckets.iter().map(|bucket| bucket.sum / bucket.count as f64).collect();
    Line::Aggregates {
        interval: length / MILLISECOND,
        t: buckets.iter().map(|bucket| after(base, bucket.start)).collect(),
        avg,
        min: buckets.iter().map(|bucket| bucket.min).collect(),
        max: buckets.iter().map(|bucket| bucket.max).collect(),
        last: buckets.iter().map(|bucket| bucket.last).collect(),
        count: buckets.iter().map(|bucket| bucket.count).collect(),
        breaks: buckets.iter().enumerate().filter(|(_, bucket)| bucket.broken).map(|(place, _)| place).collect(),
        removals: removals.into_iter().map(|time| after(base, time)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{moment::SECOND, series::Point, value::Value};

    fn series(points: &[(i64, Option<f64>)]) -> Series {
        let mut series = Series::default();
        for (milliseconds, value) in points {
            let value = value.map_or(Value::Removed, Value::Number);
            series.insert(Point { time: milliseconds * MILLISECOND, value, note: None });
        }
        series
    }

    #[test]
    fn intervals_begin_at_multiples_of_their_length() {
        let series =
            series(&[(900, Some(1.0)), (1_000, Some(2.0)), (1_500, Some(4.0)), (3_000, None), (3_100, Some(5.0))]);
        let Line::Aggregates { interval, t, avg, min, max, last, count, breaks, removals } =
            aggregate(&series, 0..5, SECOND, 0)
        else {
            panic!("no aggregates")
        };
        assert_eq!(interval, 1_000);
        assert_eq!(t, [0.0, 1_000.0, 3_000.0]);
        assert_eq!(avg, [1.0, 3.0, 5.0]);
        assert_eq!((min, max), (vec![1.0, 2.0, 5.0], vec![1.0, 4.0, 5.0]));
        assert_eq!(last, [1.0, 4.0, 5.0]);
        assert_eq!(count, [1, 2, 1]);
        assert_eq!((breaks, removals), (vec![2], vec![3_000.0]));
    }
}
