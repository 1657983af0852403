use super::*;
use crate::value::Value;

fn store(points: usize) -> Store {
    Store::new(Limits {
        points,
        bytes: usize::MAX,
        series: 50_000,
        records: 10,
        record_bytes: 10_000,
        event_ids: 1_000,
    })
}

fn origin() -> Origin {
    Origin { partition: "0".into(), sequence_number: 0, enqueued: 5 * SECOND }
}

fn take(store: &mut Store, text: &str) {
    store.take(origin(), text, Record::read(text));
}

fn set(store: &mut Store, twin: &str, key: &str, seconds: i64, value: &str) {
    let time = moment::usual(seconds * SECOND);
    take(store, &format!(r#"{{"TimeStamp":"{time}","Id":"{twin}","Key":"{key}","Value":{value},"Action":"Update"}}"#));
}

#[test]
fn a_repeat_is_listed_but_not_drawn() {
    let mut store = store(100);
    let record = r#"{"TimeStamp":"2021-12-09T20:28:52Z","Id":"Step","Key":"Force","Value":1.10,"EventId":"e#0"}"#;
    take(&mut store, record);
    take(&mut store, record);
    let series = store.series("Step", "Force").unwrap();
    assert_eq!(series.len(), 1);
    let point = series.last().unwrap();
    assert_eq!(point.time_text(), "2021-12-09T20:28:52Z", "as received");
    assert_eq!(point.value.json(point.value_as_received()), "1.10", "as received");
    assert_eq!(store.counters().repeats, 1);
    let remarks: Vec<_> = store.raw().newest(None).map(|raw| (raw.number, raw.remark, raw.keys.len())).collect();
    assert_eq!(remarks, [(2, Some("repeat"), 1), (1, None, 1)]);
}

#[test]
fn a_record_without_a_time_is_drawn_where_the_hub_took_it() {
    let mut store = store(100);
    take(&mut store, r#"{"$dtId":"Step","Force":1}"#);
    assert_eq!(store.series("Step", "Force").unwrap().last().unwrap().time, 5 * SECOND);
}

#[test]
fn the_end_of_a_twin_ends_its_series() {
    let mut store = store(100);
    set(&mut store, "Step", "Force", 1, "1");
    take(&mut store, r#"{"TimeStamp":"1970-01-01T00:00:02Z","TwinId":"Step","Action":"Delete","ModelId":"m;1"}"#);
    assert!(store.get("Step").unwrap().1.ended);
    assert_eq!(store.series("Step", "Force").unwrap().last().unwrap().value, Value::Removed);
    assert_eq!(store.counters().points, 2);
    take(&mut store, r#"{"TimeStamp":"1970-01-01T00:00:03Z","TwinId":"Step","Action":"Create","ModelId":"m;1"}"#);
    assert!(!store.get("Step").unwrap().1.ended);
}

#[test]
fn what_changes_all_the_time_does_not_drive_out_what_changes_rarely() {
    let mut store = store(1_000);
    for seconds in 0..20 {
        set(&mut store, "Quiet", "Force", seconds, "1");
    }
    for seconds in 0..10_000 {
        set(&mut store, "Loud", "Force", seconds, "1");
        set(&mut store, "Loud", "Speed", seconds, "1");
        assert!(store.counters().points <= 1_000);
    }
    assert_eq!(store.series("Quiet", "Force").unwrap().len(), 20);
    let (force, speed) = (store.series("Loud", "Force").unwrap(), store.series("Loud", "Speed").unwrap());
    assert!(force.len().abs_diff(speed.len()) <= 1, "{} and {}", force.len(), speed.len());
    assert!(force.len() > 400);
    assert_eq!(force.last().unwrap().time, 9_999 * SECOND);
    let kept: usize = store.twins().flat_map(|(_, twin)| twin.series.values()).map(Series::len).sum();
    assert_eq!(store.counters().points, kept);
}

/// Fifty changes of each of 5,000 twins: as many as 2,000 a second make in two minutes.
#[test]
fn a_large_factory_stays_within_its_bounds() {
    let mut store = store(60_000);
    for round in 0..50 {
        for twin in 0..5_000 {
            set(&mut store, &format!("Step{twin}"), "Force", round, "1.5");
        }
        assert!(store.counters().points <= 60_000);
        assert!(store.raw().len() <= 10);
    }
    let counters = store.counters();
    assert_eq!((counters.records, counters.twins, counters.series), (250_000, 5_000, 5_000));
    assert!(counters.points > 50_000);
    let shortest = store.twins().map(|(_, twin)| twin.series["Force"].len()).min().unwrap();
    assert!(shortest >= 11, "each has its share of 12 or a little less, not {shortest}");
}

#[test]
fn series_past_the_limit_are_left_out_and_counted() {
    let mut store = Store::new(Limits { series: 2, ..Limits::default() });
    for twin in ["A", "B", "C"] {
        set(&mut store, twin, "Force", 1, "1");
    }
    set(&mut store, "A", "Speed", 1, "1");
    let counters = store.counters();
    assert_eq!((counters.series, counters.twins, counters.left_out), (2, 2, 2));
}

#[test]
fn a_time_in_the_future_does_not_move_the_present() {
    let mut store = store(100);
    assert_eq!(store.reach(0), None);
    set(&mut store, "Step", "Force", 10, "1");
    assert_eq!(store.reach(20 * SECOND), Some((10 * SECOND, 10 * SECOND)));
    set(&mut store, "Step", "Force", 100_000, "1");
    assert_eq!(store.reach(20 * SECOND), Some((10 * SECOND, 20 * SECOND)));
}

#[test]
fn what_is_no_record_is_counted_and_listed() {
    let mut store = store(100);
    take(&mut store, "hello");
    assert_eq!(store.counters().unreadable, 1);
    assert_eq!(store.raw().newest(None).next().unwrap().remark, Some("not a record"));
}

#[test]
fn the_oldest_points_go_first_and_are_counted() {
    let mut store = store(1_000);
    assert_eq!(store.dropped_until(), None);
    for seconds in 0..2_000 {
        // Each has a time of its own, in turns.
        set(&mut store, if seconds % 2 == 0 { "A" } else { "B" }, "Force", seconds, "1");
    }
    let counters = store.counters();
    assert_eq!(counters.dropped + counters.points as u64, 2_000);
    let until = store.dropped_until().unwrap();
    for (_, twin) in store.twins() {
        assert!(twin.series["Force"].first().unwrap().time > until, "all up to {until} are gone");
        assert!(twin.series["Force"].first().unwrap().time <= until + 2 * SECOND, "and no others");
    }
}

#[test]
fn bytes_are_counted_and_bounded() {
    let mut store = Store::new(Limits { points: usize::MAX, bytes: 1 << 20, ..Limits::default() });
    for seconds in 0..20_000 {
        let text = format!("\"{seconds:0>50}\"");
        set(&mut store, "Step", "Name", seconds, &text);
        set(&mut store, "Step", "Force", seconds, "1.10");
        assert!(store.counters().bytes <= 1 << 20);
    }
    let counters = store.counters();
    let counted: usize = store.twins().map(|(_, twin)| twin.bytes()).sum();
    assert!(counters.bytes > counted && counters.bytes < counted + 2_000, "{} and {counted}", counters.bytes);
    assert!(counters.points > 5_000, "{} points", counters.points);
}
