//! Deliveries as the Functions host posts them. Of an Event Grid trigger of cardinality many, by the contract of custom
//! handlers: chunked, the events as JSON in a string, their payload repeated in `Metadata`. Of an HTTP trigger whose
//! requests are forwarded: as Event Grid has sent them, with the headers that the host adds.
//!
//! One text is built for each shape and only stamped from then on, so that the driver costs little: every event gets an
//! id of its own and the next twin in turn.

use serde_json::json;

use crate::{matrix::Shape, messages, way::Way};

/// Placeholders of the length of what comes in their place.
const EVENT: &str = "@@@@@@@@@@@@";
const TWIN: &str = "########";
/// Of one chunk, about.
const CHUNK: usize = 8 * 1024;

/// A request that lacks only the numbers of its events and twins.
pub struct Template {
    bytes: Vec<u8>,
    events: Vec<usize>,
    twins: Vec<usize>,
    shape: Shape,
    /// The bytes of the body.
    pub size: usize,
}

impl Template {
    pub fn new(way: Way, shape: Shape) -> Self {
        let events: Vec<_> = (0..shape.events).map(|_| event(shape.operations)).collect();
        let body = body(way, &events);
        let bytes = request(way, &body);
        let (events, twins) = (positions(&bytes, EVENT), positions(&bytes, TWIN));
        // The attributes of a message of Service Bus stand there twice.
        let is_whole = |found: &[usize]| !found.is_empty() && found.len().is_multiple_of(shape.events);
        assert!(is_whole(&events) && events.len() == twins.len(), "a placeholder is missing");
        Self { bytes, events, twins, shape, size: body.len() }
    }

    /// Events of a delivery.
    pub fn events(&self) -> u64 {
        self.shape.events as u64
    }

    /// Makes `buffer` the delivery whose events are numbered from `first` on.
    pub fn stamp(&self, first: u64, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.bytes);
        let serials = (first..first + self.events()).cycle();
        for (serial, (&event, &twin)) in serials.zip(self.events.iter().zip(&self.twins)) {
            digits(&mut buffer[event..event + EVENT.len()], serial);
            digits(&mut buffer[twin..twin + TWIN.len()], serial % self.shape.twins);
        }
    }
}

/// The id of an event and the twin that it is about, as they are stamped.
pub fn identity(serial: u64, twins: u64) -> (String, String) {
    (format!("b53976f9-926a-58a1-b6cc-{serial:012}"), format!("GrindingStep-{:08}", serial % twins))
}

/// The property and the value that an operation sets.
pub fn operation(index: usize) -> (String, f64) {
    (format!("ChasisTemperature{index}"), 200.25 + index as f64)
}

/// A twin's update in the Event Grid schema.
pub fn update(id: &str, twin: &str, patch: &serde_json::Value) -> serde_json::Value {
    json!({
        "id": id, "subject": twin, "eventType": "Microsoft.DigitalTwins.Twin.Update",
        "eventTime": "2021-12-09T20:28:52.9795363Z", "dataVersion": "1.0", "metadataVersion": "1",
        "topic": "/subscriptions/s/resourceGroups/r/providers/Microsoft.EventGrid/topics/t",
        "data": {
            "data": {"modelId": "dtmi:com:microsoft:iot:e2e:digital_factory:production_step_grinding;1", "patch": patch},
            "contenttype": "application/json", "traceparent": "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01",
        },
    })
}

/// What a handler is given of events.
pub fn body(way: Way, events: &[serde_json::Value]) -> String {
    match way {
        Way::Function => envelope(events),
        Way::Webhook => json!(events).to_string(),
        Way::EventHub => messages::event_hubs(events),
        Way::ServiceBus => messages::service_bus(events),
    }
}

fn envelope(events: &[serde_json::Value]) -> String {
    let data: Vec<_> = events.iter().map(|event| &event["data"]).collect();
    let sys = json!({"MethodName": "function", "UtcNow": "2021-12-09T20:28:53.1234567Z", "RandGuid": "4f0c3a8e"});
    json!({"Data": {"events": json!(events).to_string()}, "Metadata": {"data": json!(data).to_string(), "sys": sys}})
        .to_string()
}

/// A whole request with this body.
pub fn request(way: Way, body: &str) -> Vec<u8> {
    let head = "Host: 127.0.0.1\r\nContent-Type: application/json; charset=utf-8\r\n\
        User-Agent: Azure-Functions-Host/4.1037.0.0\r\nX-Azure-Functions-HostVersion: 4.1037.0.0\r\n\
        X-Azure-Functions-InvocationId: 5d3c9f0a-7b21-4c86-9d5e-0c8b7f6a1e42\r\n";
    match way {
        Way::Function | Way::EventHub | Way::ServiceBus => {
            let head = format!("POST /{} HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n", way.name());
            [head.as_bytes(), &chunked(body.as_bytes())].concat()
        }
        // With a function's key as long as this in the URL.
        Way::Webhook => format!(
            "POST /api/events?code=not-a-key-but-as-long-as-a-key-of-a-function-is-in-azure HTTP/1.1\r\n{head}\
             aeg-event-type: Notification\r\naeg-subscription-name: TWIN-BRIDGE-WEBHOOK\r\naeg-delivery-count: 0\r\n\
             aeg-data-version: 1.0\r\naeg-metadata-version: 1\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    }
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut chunks = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let mut end = rest.len().min(CHUNK);
        // A placeholder stays in one piece.
        while end < rest.len() && matches!(rest[end - 1], b'@' | b'#') {
            end += 1;
        }
        chunks.extend(format!("{end:x}\r\n").bytes());
        chunks.extend_from_slice(&rest[..end]);
        chunks.extend(b"\r\n");
        rest = &rest[end..];
    }
    chunks.extend(b"0\r\n\r\n");
    chunks
}

fn event(operations: usize) -> serde_json::Value {
    let patch: Vec<_> = (0..operations)
        .map(|index| {
            let (property, value) = operation(index);
            json!({"value": value, "path": format!("/{property}"), "op": "replace"})
        })
        .collect();
    update(&format!("b53976f9-926a-58a1-b6cc-{EVENT}"), &format!("GrindingStep-{TWIN}"), &json!(patch))
}

fn positions(bytes: &[u8], placeholder: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while at + placeholder.len() <= bytes.len() {
        if bytes[at..].starts_with(placeholder.as_bytes()) {
            found.push(at);
            at += placeholder.len();
        } else {
            at += 1;
        }
    }
    found
}

fn digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}
