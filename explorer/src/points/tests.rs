use std::sync::Arc;

use super::*;
use crate::{point::Note, value::Value};

fn point(time: i64, value: Value) -> Point {
    let note = (time % 7 == 0).then(|| Arc::new(Note { time: Some(time.to_string().into()), ..Note::default() }));
    Point { time, value, note }
}

fn value(number: i64) -> Value {
    match number % 5 {
        0 => Value::Text(format!("state {}", number % 3).into()),
        1 => Value::Removed,
        #[allow(clippy::cast_precision_loss, reason = "small")]
        _ => Value::Number(number as f64),
    }
}

/// The same points in the plainest form.
fn plain(points: &Points) -> Vec<Point> {
    (0..points.len()).filter_map(|place| points.get(place)).collect()
}

#[test]
fn points_come_back_as_they_were_in_order() {
    let mut points = Points::default();
    let mut expected: Vec<Point> = Vec::new();
    for number in 0..9_000_i64 {
        // Mostly forward, now and then far back.
        let time = if number % 11 == 0 { (number * 7919) % 9_000 } else { number };
        let point = point(time, value(number));
        let place = expected.partition_point(|other| other.time <= time);
        expected.insert(place, point.clone());
        points.insert(point);
    }
    assert_eq!(plain(&points), expected);
    assert!(points.range(0..points.len()).eq(expected.iter().cloned()));
    assert!(points.range(1_000..5_000).eq(expected[1_000..5_000].iter().cloned()));
    assert_eq!(points.range(8_999..9_100).count(), 1);
    assert_eq!(points.range(9_000..9_100).count(), 0);
    for time in [-1, 0, 17, 4_321, 8_999, 10_000] {
        let by_hand = expected.partition_point(|point| point.time < time);
        assert_eq!(points.partition_point(|other| other < time), by_hand, "{time}");
    }
    for dropped in [1, 1_023, 1_024, 3_000] {
        points.drop_oldest(dropped);
        expected.drain(..dropped);
        assert_eq!(plain(&points), expected, "{dropped}");
        assert!(points.range(10..2_000).eq(expected[10..2_000].iter().cloned()));
    }
    points.insert(point(0, Value::Removed));
    expected.insert(expected.partition_point(|point| point.time <= 0), point(0, Value::Removed));
    assert_eq!(plain(&points), expected);
    points.drop_oldest(usize::MAX);
    assert_eq!((points.len(), points.bytes()), (0, 0), "nothing is left, and nothing is counted");
}

#[test]
fn a_block_knows_of_its_points() {
    let mut points = Points::default();
    for number in [5, 3, 4, 8, 2, 9] {
        points.insert(Point {
            time: number * 10,
            value: Value::Number(f64::from(i32::try_from(number).unwrap())),
            note: None,
        });
    }
    points.insert(Point { time: 55, value: Value::Removed, note: None });
    let slice = points.slices(0..7).next().unwrap();
    assert!(slice.is_whole());
    let summary = slice.block.summary();
    assert_eq!((summary.count, summary.lowest, summary.highest), (6, 0, 6));
    assert_eq!((summary.sum, summary.first_other, summary.longest_pause), (31.0, Some(4), 25));
    assert!(!points.slices(1..7).next().unwrap().is_whole());
}

#[test]
fn a_number_costs_sixteen_bytes() {
    let mut points = Points::default();
    for time in 0..100_000 {
        points.insert(Point { time, value: Value::Number(1.5), note: None });
    }
    let each = points.bytes() / points.len();
    assert!(each <= 17, "{each} bytes");
}
