//! Averages, lowest, highest and last over intervals that begin at whole multiples of their length.

use std::ops::Range;

use super::line::{Line, after};
use crate::{
    moment::{MILLISECOND, Nanoseconds},
    series::Series,
};

struct Bucket {
    start: Nanoseconds,
    sum: f64,
    min: f64,
    max: f64,
    last: f64,
    count: usize,
    broken: bool,
}

/// Averages the points at `places`. `base` is in milliseconds.
pub(super) fn aggregate(series: &Series, places: Range<usize>, length: Nanoseconds, base: i64) -> Line {
    let longest_pause = series.longest_pause();
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut removals = Vec::new();
    let mut broken = false;
    for place in places {
        let Some(point) = series.points().get(place) else { continue };
        broken |= series.breaks_before(place, longest_pause);
        let start = point.time.div_euclid(length).saturating_mul(length);
        let Some(value) = point.value.number() else {
            // One of an interval is enough to see.
            if removals.last().is_none_or(|last: &Nanoseconds| last.div_euclid(length) != point.time.div_euclid(length))
            {
                removals.push(point.time);
            }
            continue;
        };
        match buckets.last_mut() {
            Some(bucket) if bucket.start == start => {
                bucket.sum += value;
                bucket.min = bucket.min.min(value);
                bucket.max = bucket.max.max(value);
                bucket.last = value;
                bucket.count += 1;
            }
            before => {
                // What broke within an interval still joins it to the next one.
                let broken = broken && before.is_some();
                buckets.push(Bucket { start, sum: value, min: value, max: value, last: value, count: 1, broken });
            }
        }
        broken = false;
    }
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
