//! The parts of the flow, each by itself on a fixed input, and what it makes of it.
//!
//! One list serves both ways of measuring: `src/main.rs` counts instructions and compares them with a baseline,
//! `benches/time.rs` takes the time. Whoever measures a part also asserts that it did its work.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that can't go on has failed")]

use std::{hint::black_box, sync::LazyLock};

use event_hub_producer::{Body, Entry, Group, Messages};
use serde_json::value::RawValue;
use twin_bridge::invocation;
use twin_records::{
    Config, Converted, Event, Notification, ObjectValues, Occurrence, Received, RecordFormat, Records, convert, event,
    flatten, record,
};

mod inputs;

use inputs::{CHANGES, CHANGES_IN_CLOUD_EVENTS, CREATION, Input, LONG_PATCH, OBJECT};

const RECEIVED_AT: &str = "2026-01-01T00:00:00.0000000Z";

/// One part of the flow on one input.
pub struct Part {
    /// Its name in tables and in the baseline.
    pub name: &'static str,
    input: &'static LazyLock<Input>,
    prepare: fn(&'static Input) -> Pass,
    makes: Makes,
    /// The part on the same input that this one does as well, to be subtracted.
    pub includes: Option<&'static str>,
}

/// One run of a part over its input, ready to start. It answers how many things it made.
pub type Pass = Box<dyn FnOnce() -> usize>;

/// What a part makes one of for each what.
#[derive(Clone, Copy)]
enum Makes {
    Byte,
    Event,
    Value,
}

impl Part {
    const fn new(
        name: &'static str,
        input: &'static LazyLock<Input>,
        prepare: fn(&'static Input) -> Pass,
        makes: Makes,
    ) -> Self {
        Self { name, input, prepare, makes, includes: None }
    }

    const fn includes(self, other: &'static str) -> Self {
        Self { includes: Some(other), ..self }
    }

    /// The part of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PARTS.iter().find(|part| part.name == name)
    }

    /// The events in its input.
    pub fn events(&self) -> usize {
        self.input.events.len()
    }

    /// The values in its input: one for each operation of a patch and each leaf of an object.
    pub fn values(&self) -> usize {
        self.input.values
    }

    /// Does what is not to be measured. A pass uses up what it works on.
    pub fn prepare(&self) -> Pass {
        (self.prepare)(self.input)
    }

    /// How many things a pass makes if it does its work.
    pub fn makes(&self) -> usize {
        match self.makes {
            Makes::Byte => self.input.text.len(),
            Makes::Event => self.events(),
            Makes::Value => self.values(),
        }
    }
}

/// All of them, in the order of the flow.
pub static PARTS: &[Part] = &[
    Part::new("envelope", &CHANGES, envelope, Makes::Byte),
    Part::new("notification", &CHANGES, notification, Makes::Event),
    Part::new("notification, CloudEvents", &CHANGES_IN_CLOUD_EVENTS, notification, Makes::Event),
    Part::new("notification, creation", &CREATION, notification, Makes::Event),
    Part::new("flatten", &CHANGES, flatten, Makes::Value),
    Part::new("flatten, 50 operations", &LONG_PATCH, flatten, Makes::Value),
    Part::new("flatten, object", &OBJECT, flatten, Makes::Value),
    Part::new("flatten, creation", &CREATION, flatten, Makes::Value),
    Part::new("encode data-history", &CHANGES, |input| encode(input, RecordFormat::DataHistory), Makes::Value)
        .includes("flatten"),
    Part::new("encode time-series-insights", &CHANGES, |input| encode(input, TSI), Makes::Event).includes("flatten"),
    Part::new("enqueue record", &CHANGES, |input| enqueue(input, Body::Record), Makes::Value),
    Part::new("enqueue lines", &CHANGES, |input| enqueue(input, Body::Lines), Makes::Value),
    Part::new("enqueue array", &CHANGES, |input| enqueue(input, Body::Array), Makes::Value),
    Part::new("AMQP record", &CHANGES, |input| amqp(input, Body::Record), Makes::Value),
    Part::new("AMQP lines", &CHANGES, |input| amqp(input, Body::Lines), Makes::Event),
    Part::new("AMQP array", &CHANGES, |input| amqp(input, Body::Array), Makes::Event),
    Part::new("convert", &CHANGES, convert_all, Makes::Value),
    Part::new("convert, CloudEvents", &CHANGES_IN_CLOUD_EVENTS, convert_all, Makes::Value),
    Part::new("convert, 50 operations", &LONG_PATCH, convert_all, Makes::Value),
    Part::new("convert, object", &OBJECT, convert_all, Makes::Value),
    Part::new("convert, creation", &CREATION, convert_all, Makes::Value),
    Part::new("all of it, record", &CHANGES, |input| all(input, Body::Record), Makes::Value),
    Part::new("all of it, lines", &CHANGES, |input| all(input, Body::Lines), Makes::Event),
];

const TSI: RecordFormat = RecordFormat::TimeSeriesInsights;

fn config(format: RecordFormat) -> Config {
    Config { format, ..Config::default() }
}

/// From the body of a request to the text of its events.
fn envelope(input: &'static Input) -> Pass {
    Box::new(|| invocation::read(input.body.clone()).unwrap().events.len())
}

/// From that text to what happened to which twins.
fn notification(input: &'static Input) -> Pass {
    Box::new(|| {
        let is_notification = |received: &Received<'_>| matches!(received.event, Ok(Event::Notification(_)));
        Received::all(&input.text).unwrap().iter().filter(|received| is_notification(received)).count()
    })
}

/// From a patch or a snapshot to the changes of properties.
fn flatten(input: &'static Input) -> Pass {
    let notifications = notifications(input);
    Box::new(move || notifications.iter().map(changes).sum())
}

fn changes(notification: &Notification<'_>) -> usize {
    let changes = match &notification.occurrence {
        Occurrence::Updated { patch } => patch.changes(ObjectValues::Flatten),
        Occurrence::Created { snapshot } => flatten::object(snapshot, &[], ObjectValues::Flatten),
        other => panic!("no input holds {other:?}"),
    };
    changes.unwrap().len()
}

/// From a notification to its records, which flattens it first.
fn encode(input: &'static Input, format: RecordFormat) -> Pass {
    let (notifications, config) = (notifications(input), config(format));
    Box::new(move || {
        let records = |notification| record::records(notification, &config, RECEIVED_AT).unwrap().len();
        notifications.iter().map(records).sum()
    })
}

/// From records to what is queued for the hub.
fn enqueue(input: &'static Input, body: Body) -> Pass {
    let converted: Vec<_> = input.events.iter().map(|event| converted(event::read(event).unwrap())).collect();
    Box::new(move || {
        let queue = |(notification, records): (Notification<'_>, Records)| {
            let count = records.len();
            black_box(messages(&notification, records, body));
            count
        };
        converted.into_iter().map(queue).sum()
    })
}

/// From what is queued to the bytes of AMQP messages. (The SDK's batch writes each of them twice, to know its size.)
fn amqp(input: &'static Input, body: Body) -> Pass {
    let queued = input.events.iter().map(|event| {
        let (notification, records) = converted(event::read(event).unwrap());
        messages(&notification, records, body)
    });
    let queued: Vec<_> = queued.collect();
    Box::new(move || queued.iter().map(written).sum())
}

/// From events to records.
fn convert_all(input: &'static Input) -> Pass {
    let config = config(RecordFormat::DataHistory);
    let lifecycle = input.lifecycle_records;
    Box::new(move || {
        let records = |event: &&RawValue| match convert(event, &config, RECEIVED_AT) {
            Ok(Converted::Records(_, records)) => records.len(),
            other => panic!("{other:?}"),
        };
        input.events.iter().map(records).sum::<usize>() - lifecycle
    })
}

/// From the body of a request to the bytes of AMQP messages.
fn all(input: &'static Input, body: Body) -> Pass {
    Box::new(move || {
        let delivery = invocation::read(input.body.clone()).unwrap();
        let events = Received::all(&delivery.events).unwrap().into_iter();
        let of_event = |received: Received<'_>| {
            let (notification, records) = converted(received.event.unwrap());
            written(&messages(&notification, records, body))
        };
        events.map(of_event).sum()
    })
}

fn notifications(input: &'static Input) -> Vec<Notification<'static>> {
    let read = |&event: &&'static RawValue| match event::read(event) {
        Ok(Event::Notification(notification)) => notification,
        other => panic!("{other:?}"),
    };
    input.events.iter().map(read).collect()
}

fn converted(event: Event<'_>) -> (Notification<'_>, Records) {
    match Converted::of(event, &Config::default(), RECEIVED_AT) {
        Ok(Converted::Records(notification, records)) => (notification, records),
        other => panic!("{other:?}"),
    }
}

/// As the bridge does it.
fn messages(notification: &Notification<'_>, records: Records, body: Body) -> Messages {
    let (text, list) = records.into_parts();
    let group = Group {
        key: notification.entity.twin_id().to_owned(),
        id: notification.id.clone().into_owned(),
        traceparent: notification.traceparent.as_deref().map(str::to_owned),
        text,
        entries: list.into_iter().map(|(_, end)| Entry { end, table: None }).collect(),
    };
    Messages::new(group, body)
}

fn written(messages: &Messages) -> usize {
    messages.to_amqp().filter(|event| !event.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_part_does_its_work() {
        for part in PARTS {
            assert_eq!(part.prepare()(), part.makes(), "{}", part.name);
        }
    }

    #[test]
    fn no_two_parts_have_the_same_name() {
        let names: BTreeSet<_> = PARTS.iter().map(|part| part.name).collect();
        assert_eq!(names.len(), PARTS.len());
    }
}
