//! Memory is bounded, whatever comes.

use explorer::Limits;
use serde_json::{Value, json};
use time::Duration;

use crate::factory::{Factory, time, update};

#[tokio::test]
async fn a_large_factory_keeps_to_its_limits() {
    let limits = Limits { points: 8_000, series: 1_000, records: 100, ..Limits::default() };
    let factory = Factory::start_with(limits).await;
    let start = time("2026-01-01T12:00:00Z");
    for round in 0..20 {
        // One event for all twins, as a lively hub would hold many.
        let of = |twin| update(&format!("Step{twin}"), "Force", round, start + Duration::seconds(round));
        let records: Vec<Value> = (0..1_200).map(of).collect();
        factory.send(&records.chunks(400).map(|some| json!(some).to_string()).collect::<Vec<_>>()).await;
    }
    factory.has_read(24_000).await;
    let counters = factory.explorer.counters();
    assert_eq!((counters.twins, counters.series, counters.left_out), (1_000, 1_000, 20 * 200));
    assert!((6_000..=8_000).contains(&counters.points), "{} points", counters.points);
    assert_eq!(factory.explorer.newest(usize::MAX).len(), 100);

    let top = factory.json("api/twins?limit=5").await;
    assert_eq!((top["twins"].as_array().unwrap().len(), &top["total"]), (5, &json!(1_000)));
    let curve = factory.curve("series=Step7/Force").await;
    let values: Vec<_> = curve["v"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    assert!(values.len() >= 6 && values.ends_with(&[18.0, 19.0]), "each keeps its newest: {values:?}");
}
