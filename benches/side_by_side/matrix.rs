//! Which work is measured: the one table of it.

use serde::Serialize;

use crate::{number::thousands, options::Options, way::Way};

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Work {
    pub way: Way,
    pub shape: Shape,
    /// How long the hub waits before it acknowledges, in milliseconds.
    pub delay: u64,
    pub load: Load,
}

/// What a delivery looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Events of a delivery.
    pub events: usize,
    /// Operations of an event's patch, each of which becomes a record.
    pub operations: usize,
    /// Twins that the events are about, in turn.
    pub twins: u64,
}

/// How deliveries arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Load {
    /// So many at a time; the next one as soon as one is answered.
    AtATime(usize),
    /// So many a second on a schedule, whether those before are answered or not.
    PerSecond(u64),
}

impl Shape {
    pub const fn records(self) -> usize {
        self.events * self.operations
    }
}

impl Load {
    pub fn describe(self) -> String {
        match self {
            Self::AtATime(number) => format!("{number} at a time"),
            Self::PerSecond(rate) => format!("{rate} a second"),
        }
    }
}

impl Work {
    /// As a line of a table begins with it.
    pub fn describe(&self) -> String {
        let Shape { events, operations, twins } = self.shape;
        let load = self.load.describe();
        let answers = if self.delay == 0 { "at once".to_owned() } else { format!("after {} ms", self.delay) };
        let way = self.way.name();
        format!("{way} | {events} × {operations} | {} | {answers} | {load}", thousands(twins as f64))
    }

    /// The titles of that.
    pub const COLUMNS: [&str; 5] = ["way", "events × operations", "twins", "hub answers", "deliveries"];
}

const fn work(events: usize, operations: usize, twins: u64, delay: u64, load: Load) -> Work {
    Work { way: Way::Function, shape: Shape { events, operations, twins }, delay, load }
}

const fn by_webhook(work: Work) -> Work {
    Work { way: Way::Webhook, ..work }
}

/// A batch of so many messages of a queue, a few batches at a time: one a partition, or as many as the host takes.
const fn batch(way: Way, events: usize) -> Work {
    Work { way, ..work(events, 5, 1_000, 5, AtATime(4)) }
}

use Load::{AtATime, PerSecond};

/// A delivery as a subscription of the default template makes them when there is much to do.
pub const USUAL: Work = work(32, 5, 1_000, 5, AtATime(16));
/// The same, with as many at a time as it takes to keep any contender busy.
pub const BUSY: Work = work(32, 5, 1_000, 5, AtATime(64));
/// Deliveries of one event, as many as a busy host makes of them.
pub const SINGLE: Work = work(1, 5, 1_000, 5, AtATime(64));
/// Deliveries of one event on a schedule, for latency.
pub const SCHEDULED: Work = work(1, 5, 1_000, 5, PerSecond(1_000));
/// Large deliveries, for what an operation costs.
pub const LARGE: Work = work(1_000, 5, 1_000, 5, AtATime(4));
/// Deliveries by the webhook, as many a second as a host with one core forwards to a handler that only answers, whether
/// they have one event or 32. So every handler has the same to do.
pub const WEBHOOK_SINGLE: Work = by_webhook(work(1, 5, 1_000, 5, PerSecond(2_000)));
pub const WEBHOOK_USUAL: Work = by_webhook(work(32, 5, 1_000, 5, PerSecond(2_000)));
/// The same as fast as they are answered, which a handler that does not wait for the hub is busy with all the time.
pub const WEBHOOK_SINGLE_BUSY: Work = by_webhook(SINGLE);
pub const WEBHOOK_USUAL_BUSY: Work = by_webhook(USUAL);
/// Of the largest deliveries that Event Grid makes, about.
const WEBHOOK_LARGE: Work = by_webhook(work(500, 5, 1_000, 5, AtATime(4)));

/// Deliveries of Event Grid.
const FULL: &[Work] = &[
    // One event a delivery: how many at a time, and how late the hub answers.
    work(1, 5, 1_000, 0, AtATime(1)),
    work(1, 5, 1_000, 5, AtATime(1)),
    work(1, 5, 1_000, 50, AtATime(1)),
    work(1, 5, 1_000, 5, AtATime(8)),
    work(1, 5, 1_000, 0, AtATime(64)),
    SINGLE,
    work(1, 5, 1_000, 50, AtATime(64)),
    // More events a delivery, more operations an event.
    work(10, 5, 1_000, 5, AtATime(16)),
    work(32, 1, 1_000, 5, AtATime(16)),
    work(32, 5, 1_000, 0, AtATime(16)),
    USUAL,
    BUSY,
    work(32, 5, 1_000, 50, AtATime(16)),
    work(32, 50, 1_000, 5, AtATime(16)),
    work(100, 5, 1_000, 5, AtATime(16)),
    // Fewer and more twins.
    work(32, 5, 10, 5, AtATime(16)),
    work(32, 5, 100_000, 5, AtATime(16)),
    // On a schedule.
    work(1, 5, 1_000, 5, PerSecond(100)),
    work(1, 5, 1_000, 5, PerSecond(300)),
    SCHEDULED,
    // The webhook.
    WEBHOOK_SINGLE,
    WEBHOOK_SINGLE_BUSY,
    WEBHOOK_USUAL,
    WEBHOOK_USUAL_BUSY,
    by_webhook(BUSY),
    WEBHOOK_LARGE,
];

const QUICK: &[Work] = &[
    SINGLE,
    USUAL,
    BUSY,
    SCHEDULED,
    WEBHOOK_SINGLE,
    WEBHOOK_SINGLE_BUSY,
    WEBHOOK_USUAL,
    WEBHOOK_USUAL_BUSY,
    WEBHOOK_LARGE,
];

const MESSAGES: &[Work] = &[
    batch(Way::EventHub, 1),
    batch(Way::EventHub, 32),
    batch(Way::EventHub, 100),
    batch(Way::EventHub, 500),
    batch(Way::ServiceBus, 1),
    batch(Way::ServiceBus, 32),
    batch(Way::ServiceBus, 100),
    batch(Way::ServiceBus, 500),
];

const SMALLEST: &[Work] = &[
    USUAL,
    WEBHOOK_USUAL_BUSY,
    batch(Way::EventHub, 32),
    batch(Way::ServiceBus, 32),
    work(1, 5, 1_000, 5, PerSecond(50)),
];

/// The work that is measured.
pub fn works(options: &Options) -> Vec<Work> {
    // The largest last: what it leaves in memory would count for others.
    let mut works = match options {
        Options { smallest: true, .. } => SMALLEST.to_vec(),
        Options { quick: true, .. } => [QUICK, MESSAGES, &[LARGE]].concat(),
        _ => [FULL, MESSAGES, &[LARGE]].concat(),
    };
    works.retain(|work| options.ways().contains(&work.way));
    works
}

/// The work by which growth is measured: one thing grows at a time.
pub fn growth(options: &Options) -> Vec<(&'static str, Vec<Shape>)> {
    let shape = |events, operations, twins| Shape { events, operations, twins };
    if options.smallest {
        return vec![("events a delivery", vec![shape(1, 5, 10), shape(10, 5, 10)])];
    }
    let growth = vec![
        (
            "events a delivery",
            [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000].map(|events| shape(events, 5, 1_000)).to_vec(),
        ),
        ("operations an event", [1, 2, 5, 10, 20, 50, 100, 200, 500].map(|number| shape(10, number, 1_000)).to_vec()),
        ("twins", [10, 100, 1_000, 10_000, 100_000].map(|twins| shape(32, 5, twins)).to_vec()),
    ];
    if !options.quick {
        return growth;
    }
    let ends = |shapes: Vec<Shape>| [shapes[0], shapes[shapes.len() / 2], shapes[shapes.len() - 1]].to_vec();
    growth.into_iter().map(|(what, shapes)| (what, ends(shapes))).collect()
}
