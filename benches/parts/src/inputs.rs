//! What goes through the parts: the same bytes on every machine and in every run.

use std::sync::LazyLock;

use serde_json::{Value, json, value::RawValue};

/// As many as the subscription lets Event Grid put into one delivery, about.
const EVENTS: usize = 32;
const OPERATIONS: usize = 5;
const MODEL: &str = "dtmi:com:microsoft:iot:e2e:digital_factory:production_step_grinding;1";
const TIME: &str = "2021-12-09T20:28:52.9795363Z";
const TRACEPARENT: &str = "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01";

/// A delivery, whole and taken apart.
pub(crate) struct Input {
    /// As the host posts it, with the payload repeated in `Metadata`.
    pub(crate) body: Vec<u8>,
    /// The array of events in it.
    pub(crate) text: String,
    pub(crate) events: Vec<&'static RawValue>,
    /// One for each operation of a patch and each leaf of an object.
    pub(crate) values: usize,
    /// The records beside those of values: one for each creation.
    pub(crate) lifecycle_records: usize,
}

/// Changes of some properties, by far the most of what comes.
pub(crate) static CHANGES: LazyLock<Input> = LazyLock::new(|| {
    Input::new((0..EVENTS).map(|number| event_grid(number, &changes(OPERATIONS))), EVENTS * OPERATIONS)
});

/// The same in the other schema.
pub(crate) static CHANGES_IN_CLOUD_EVENTS: LazyLock<Input> = LazyLock::new(|| {
    Input::new((0..EVENTS).map(|number| cloud_event(number, &changes(OPERATIONS))), EVENTS * OPERATIONS)
});

/// One notification of many operations.
pub(crate) static LONG_PATCH: LazyLock<Input> = LazyLock::new(|| Input::new([event_grid(0, &changes(50))], 50));

/// One operation that sets an object of objects.
pub(crate) static OBJECT: LazyLock<Input> = LazyLock::new(|| {
    let spindle = |number| {
        json!({
            "speed": 2400.5, "torque": 17.25, "state": "running", "tool": {"id": format!("T{number}"), "wear": 0.125},
            "$metadata": {"speed": {"sourceTime": TIME}},
        })
    };
    let value = json!({"left": spindle(1), "right": spindle(2), "spare": spindle(3), "history": [1.5, 2.5, 3.5]});
    let patch = json!([{"op": "replace", "path": "/spindles", "value": value}]);
    Input::new([event_grid(0, &json!({"modelId": MODEL, "patch": patch}))], 3 * 5 + 1)
});

/// One twin as it was created.
pub(crate) static CREATION: LazyLock<Input> = LazyLock::new(|| {
    let mut twin = json!({"$dtId": "GrindingStep0", "$etag": "W/\"8e6d3e89-1166-4a1d-9a99-8accd8fef43f\""});
    let mut metadata = json!({"$model": MODEL});
    for number in 0..10 {
        twin[format!("ChasisTemperature{number}")] = json!(200.25);
        metadata[format!("ChasisTemperature{number}")] = json!({"lastUpdateTime": TIME});
    }
    twin["$metadata"] = metadata;
    let mut event = event_grid(0, &twin);
    event["eventType"] = json!("Microsoft.DigitalTwins.Twin.Create");
    Input { lifecycle_records: 1, ..Input::new([event], 10) }
});

impl Input {
    fn new(events: impl IntoIterator<Item = Value>, values: usize) -> Self {
        let events: Vec<_> = events.into_iter().collect();
        let data: Vec<_> = events.iter().map(|event| &event["data"]).collect();
        let text = json!(events).to_string();
        let body = json!({"Data": {"events": text}, "Metadata": {"data": json!(data).to_string()}});
        let raw = |event: &Value| &*Box::leak(RawValue::from_string(event.to_string()).unwrap());
        Self {
            body: body.to_string().into_bytes(),
            text,
            events: events.iter().map(raw).collect(),
            values,
            lifecycle_records: 0,
        }
    }
}

fn changes(operations: usize) -> Value {
    let operation = |number| json!({"value": 200.25, "path": format!("/ChasisTemperature{number}"), "op": "replace"});
    json!({"modelId": MODEL, "patch": (0..operations).map(operation).collect::<Vec<_>>()})
}

fn event_grid(number: usize, data: &Value) -> Value {
    json!({
        "id": id(number), "subject": format!("GrindingStep{number}"), "eventType": "Microsoft.DigitalTwins.Twin.Update",
        "eventTime": TIME, "dataVersion": "1.0", "metadataVersion": "1",
        "topic": "/subscriptions/s/resourceGroups/r/providers/Microsoft.EventGrid/topics/t",
        "data": {"data": data, "contenttype": "application/json", "traceparent": TRACEPARENT},
    })
}

fn cloud_event(number: usize, data: &Value) -> Value {
    json!({
        "specversion": "1.0", "id": id(number), "subject": format!("GrindingStep{number}"),
        "type": "Microsoft.DigitalTwins.Twin.Update", "time": TIME, "datacontenttype": "application/json",
        "source": "contoso.api.weu.digitaltwins.azure.net", "traceparent": TRACEPARENT, "data": data,
    })
}

fn id(number: usize) -> String {
    format!("b53976f9-926a-58a1-b6cc-{number:012}")
}
