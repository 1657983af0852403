//! What is recorded of deliveries: names, units and attributes.
//!
//! They follow the semantic conventions for messaging (opentelemetry.io, "Semantic conventions for messaging spans" and
//! "… messaging client metrics"): a push from Event Grid is a `process` operation of a consumer. What the conventions
//! don't know has the prefix `twin_bridge`. No attribute holds anything that came with an event, save trace contexts.

use std::time::{Duration, SystemTime};

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter, UpDownCounter},
    trace::{Span, SpanKind, Status, Tracer},
};
use opentelemetry_sdk::trace::SdkTracer;

use super::contexts::Contexts;
use crate::counts::Counts;

/// The conventions' bounds for durations, in seconds, and two more up to the longest that a delivery can last.
const BOUNDS: [f64; 16] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 30.0];

const OPERATION: &str = "process";
const OUTCOME: &str = "twin_bridge.outcome";

/// Everything that observations write to.
#[derive(Debug)]
pub(super) struct Instruments {
    tracer: Option<SdkTracer>,
    metrics: Option<Metrics>,
}

/// How a delivery ended: with counts, or with the kind of its failure.
pub(super) type Outcome = Result<Counts, &'static str>;

impl Instruments {
    pub(super) fn new(tracer: Option<SdkTracer>, meter: Option<&Meter>) -> Self {
        Self { tracer, metrics: meter.map(Metrics::new) }
    }

    /// Whether somebody wants to know under which traces things happened.
    pub(super) fn traces(&self) -> bool {
        self.tracer.is_some()
    }

    pub(super) fn begin(&self) {
        if let Some(metrics) = &self.metrics {
            metrics.active_deliveries.add(1, &[]);
        }
    }

    pub(super) fn end(&self, started: SystemTime, took: Duration, contexts: &Contexts, outcome: Outcome) {
        if let Some(metrics) = &self.metrics {
            metrics.active_deliveries.add(-1, &[]);
            metrics.record(took, outcome);
        }
        if let Some(tracer) = &self.tracer {
            let mut span = tracer
                .span_builder(OPERATION)
                .with_kind(SpanKind::Consumer)
                .with_start_time(started)
                .with_attributes(common(outcome).into_iter().chain(details(outcome)))
                .with_links(contexts.links())
                .start_with_context(tracer, &contexts.parent());
            if let Err(kind) = outcome {
                span.set_status(Status::error(kind));
            }
            span.end_with_timestamp(started + took);
        }
    }
}

#[derive(Debug)]
struct Metrics {
    duration: Histogram<f64>,
    active_deliveries: UpDownCounter<i64>,
    deliveries: Counter<u64>,
    /// One for each of [`COUNTS`].
    counts: Vec<Counter<u64>>,
}

/// Name, unit and description of a counter, and what it counts.
type Count = (&'static str, &'static str, &'static str, fn(&Counts) -> u64);

const COUNTS: [Count; 6] = [
    ("twin_bridge.events", "{event}", "Events of deliveries that were answered as done.", |counts| counts.events),
    ("twin_bridge.records", "{record}", "Records that the event hub accepted for them.", |counts| counts.records),
    ("twin_bridge.empty_events", "{event}", "Events that gave no record.", |counts| counts.empty),
    ("twin_bridge.ignored_events", "{event}", "Events of foreign types.", |counts| counts.ignored),
    ("twin_bridge.repeated_events", "{event}", "Events that were stored already.", |counts| counts.repeats),
    ("twin_bridge.set_aside_events", "{event}", "Events that became dead letters.", |counts| counts.set_aside),
];

impl Metrics {
    fn new(meter: &Meter) -> Self {
        let counter =
            |name, unit, description| meter.u64_counter(name).with_unit(unit).with_description(description).build();
        Self {
            duration: meter
                .f64_histogram("messaging.process.duration")
                .with_unit("s")
                .with_description("Duration of processing operation.")
                .with_boundaries(BOUNDS.to_vec())
                .build(),
            active_deliveries: meter
                .i64_up_down_counter("twin_bridge.active_deliveries")
                .with_unit("{delivery}")
                .with_description("Deliveries that are being worked on.")
                .build(),
            deliveries: counter("twin_bridge.deliveries", "{delivery}", "Deliveries that ended."),
            counts: COUNTS.iter().map(|&(name, unit, description, _)| counter(name, unit, description)).collect(),
        }
    }

    fn record(&self, took: Duration, outcome: Outcome) {
        self.duration.record(took.as_secs_f64(), &common(outcome));
        self.deliveries.add(1, &[KeyValue::new(OUTCOME, word(outcome))]);
        if let Ok(counts) = outcome {
            for (counter, (_, _, _, count)) in self.counts.iter().zip(COUNTS) {
                counter.add(count(&counts), &[]);
            }
        }
    }
}

fn word(outcome: Outcome) -> &'static str {
    outcome.err().unwrap_or("delivered")
}

/// What the conventions want on the span and on the duration alike.
fn common(outcome: Outcome) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("messaging.system", "eventgrid"),
        KeyValue::new("messaging.operation.name", OPERATION),
        KeyValue::new("messaging.operation.type", OPERATION),
    ];
    attributes.extend(outcome.err().map(|kind| KeyValue::new("error.type", kind)));
    attributes
}

/// What a span says beyond that.
fn details(outcome: Outcome) -> Vec<KeyValue> {
    let mut attributes = vec![KeyValue::new(OUTCOME, word(outcome))];
    if let Ok(counts) = outcome {
        attributes.extend(COUNTS.iter().map(|&(name, _, _, count)| {
            // The conventions have a name of their own for what a batch holds.
            let name = if name == "twin_bridge.events" { "messaging.batch.message_count" } else { name };
            KeyValue::new(name, i64::try_from(count(&counts)).unwrap_or(i64::MAX))
        }));
    }
    attributes
}
