//! What shall hold, and whether it does.

use serde::Serialize;

use crate::{
    cell::Cell,
    matrix::{self, Work},
    results::Results,
    start::Start,
};

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// A promise and what was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Goal {
    pub what: String,
    pub measured: String,
    pub wanted: String,
    /// `None` where what it needs was not measured.
    pub met: Option<bool>,
}

/// Judges all goals.
pub fn judge(results: &Results) -> Vec<Goal> {
    [cost(results), webhook(results), throughput(results), latency(results), starts(results)].concat()
}

fn cost(results: &Results) -> Vec<Goal> {
    let per_event = |body: &str, most: f64| {
        let cell = results.cell(&format!("twin-bridge {body}"), matrix::USUAL);
        let measured = cell.map(|cell| cell.median.cpu_microseconds_per_event);
        at_most(format!("CPU per event of 5 operations, 32 a delivery, `{body}`"), measured, most, " µs")
    };
    let by_peer = |what: &str, work: Work| {
        let cost = |cell: &Cell| cell.median.cpu_seconds_per_million_records;
        let best = best_peer(results, work, |cell| -cost(cell));
        let share = results.cell("twin-bridge record", work).zip(best).map(|(bridge, peer)| cost(bridge) / cost(peer));
        at_most(format!("CPU per record by that of the best peer{}, {what}", named(best)), share, 0.1, "")
    };
    let large = results.cell("twin-bridge lines", matrix::LARGE);
    let operation = large.map(|cell| cell.median.cpu_seconds_per_million_records);
    let per_operation = "CPU per operation, 1,000 events a delivery, `lines`, HTTP and AMQP included".to_owned();
    vec![
        per_event("record", 60.0),
        per_event("lines", 25.0),
        at_most(per_operation, operation, 1.5, " µs"),
        by_peer("32 events a delivery, 64 at a time", matrix::BUSY),
        by_peer("32 events a delivery, 16 at a time", matrix::USUAL),
    ]
}

/// What the webhook costs, by what it costs to do nothing with the same deliveries.
fn webhook(results: &Results) -> Vec<Goal> {
    let cost = |name: &str, work| results.cell(name, work).map(|cell| cell.median.cpu_microseconds_per_event);
    let by_floor = |body: &str, work: Work, most: f64| {
        let pair = cost(&format!("twin-bridge {body}"), work).zip(cost("floor", work));
        let (events, load) = (work.shape.events, work.load.describe());
        let what = format!("CPU per event by that of the floor, webhook, {events} a delivery, {load}, `{body}`");
        at_most(what, pair.map(|(bridge, floor)| bridge / floor), most, "")
    };
    // For several deliveries at once a busy floor does what it otherwise does for each.
    let busy = |body, work| Goal { wanted: "for information".to_owned(), met: None, ..by_floor(body, work, f64::MAX) };
    vec![
        by_floor("record", matrix::WEBHOOK_SINGLE, 2.2),
        busy("record", matrix::WEBHOOK_SINGLE_BUSY),
        by_floor("record", matrix::WEBHOOK_USUAL, 10.0),
        busy("record", matrix::WEBHOOK_USUAL_BUSY),
        by_floor("lines", matrix::WEBHOOK_USUAL, 7.0),
        busy("lines", matrix::WEBHOOK_USUAL_BUSY),
    ]
}

fn throughput(results: &Results) -> Vec<Goal> {
    let bridge = |work| results.cell("twin-bridge record", work);
    let by_peer = |what: &str, work: Work| {
        let best = best_peer(results, work, |cell| cell.median.records_per_second);
        let ratio = bridge(work)
            .zip(best)
            .map(|(bridge, peer)| bridge.median.records_per_second / peer.median.records_per_second);
        // No handler that waits for the hub can do more than this one, which does nothing else.
        let floor = results.cell("floor that waits", work).zip(best);
        let bound = floor.map(|(floor, peer)| floor.median.records_per_second / peer.median.records_per_second);
        let note = bound.map(|bound| format!("; the floor that waits: {bound:.1}")).unwrap_or_default();
        let held_back = bridge(work).and_then(|cell| cell.median.held_back_by());
        let note = held_back.map(|by| format!("{note}; twin-bridge was held back by {by}")).unwrap_or(note);
        let goal = at_least(format!("records/s by those of the best peer{}, {what}{note}", named(best)), ratio, 10.0);
        match bound {
            Some(bound) if bound < 10.0 => Goal { wanted: "≥ 10, which the floor does not reach".to_owned(), ..goal },
            _ => goal,
        }
    };
    let by_floor = |floor: &str, what: &str| {
        let pair = bridge(matrix::SINGLE).zip(results.cell(floor, matrix::SINGLE));
        let ratio =
            pair.map(|(bridge, floor)| bridge.median.deliveries_per_second / floor.median.deliveries_per_second);
        at_least(format!("deliveries/s of one event, 64 at a time, hub answers after 5 ms, by {what}"), ratio, 0.7)
    };
    let at_once = by_floor("floor", "the floor that answers at once");
    vec![
        by_peer("32 events a delivery, 64 at a time", matrix::BUSY),
        by_peer("1,000 events a delivery, 4 at a time", matrix::LARGE),
        by_peer("32 events a delivery, 16 at a time", matrix::USUAL),
        by_peer("1 event a delivery, 64 at a time", matrix::SINGLE),
        by_floor("floor that waits", "the floor that waits 5 ms too (this one is compared)"),
        Goal { wanted: "not comparable, for information".to_owned(), met: None, ..at_once },
    ]
}

fn latency(results: &Results) -> Vec<Goal> {
    let p99 = |name: &str| results.cell(name, matrix::SCHEDULED).map(|cell| cell.median.latency.p99);
    let delay = matrix::SCHEDULED.delay as f64;
    let added = p99("twin-bridge record").zip(p99("floor")).map(|(bridge, floor)| bridge - delay - floor);
    let what = "p99 at 1,000 deliveries/s, beyond the hub's 5 ms and the floor's p99";
    let waiting = p99("twin-bridge record").zip(p99("floor that waits")).map(|(bridge, floor)| bridge - floor);
    let informal = at_most("the same beyond the p99 of the floor that waits 5 ms".to_owned(), waiting, 2.0, " ms");
    vec![
        at_most(what.to_owned(), added, 2.0, " ms"),
        Goal { wanted: "for information".to_owned(), met: None, ..informal },
    ]
}

fn starts(results: &Results) -> Vec<Goal> {
    let of = |name: &str| results.starts.iter().find(|start| start.contender == name);
    let (bridge, node) = (of("twin-bridge record"), of("Node.js per-invocation"));
    let ratio = |value: fn(&Start) -> f64| bridge.zip(node).map(|(bridge, node)| value(bridge) / value(node));
    let memory = |start: &Start| start.idle_memory as f64 / MEBIBYTE;
    vec![
        at_most("exec to first answer".to_owned(), bridge.map(|start| start.first_answer), 15.0, " ms"),
        at_most("exec to first answer by that of Node.js".to_owned(), ratio(|start| start.first_answer), 0.05, ""),
        at_most("idle memory".to_owned(), bridge.map(memory), 15.0, " MiB"),
        at_most("idle memory by that of Node.js".to_owned(), ratio(|start| start.idle_memory as f64), 0.2, ""),
    ]
}

/// The peer that does best at some work.
fn best_peer(results: &Results, work: Work, merit: impl Fn(&Cell) -> f64) -> Option<&Cell> {
    let peers = results.cells.iter().filter(|cell| cell.work == work && cell.peer);
    peers.max_by(|left, right| merit(left).total_cmp(&merit(right)))
}

fn named(peer: Option<&Cell>) -> String {
    peer.map(|peer| format!(" ({})", peer.contender)).unwrap_or_default()
}

fn at_most(what: String, measured: Option<f64>, most: f64, unit: &str) -> Goal {
    let text = measured.map_or_else(|| "not measured".to_owned(), |measured| format!("{measured:.3}{unit}"));
    Goal { what, measured: text, wanted: format!("≤ {most}{unit}"), met: measured.map(|measured| measured <= most) }
}

fn at_least(what: String, measured: Option<f64>, least: f64) -> Goal {
    let text = measured.map_or_else(|| "not measured".to_owned(), |measured| format!("{measured:.2}"));
    Goal { what, measured: text, wanted: format!("≥ {least}"), met: measured.map(|measured| measured >= least) }
}
