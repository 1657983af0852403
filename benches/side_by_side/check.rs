//! Does a contender do the work? After some deliveries the hub must hold exactly the expected records, with the
//! identities, keys and content type that consumers go by. Otherwise nothing is measured.

use serde_json::{Value, json};

use crate::{
    connection::Connection,
    contender::Contender,
    delivery::{self, Template},
    hub::{Event, Hub},
    matrix::Shape,
    way::Way,
};

/// How many deliveries of the usual kind are checked.
const DELIVERIES: u64 = 20;
const SHAPE: Shape = Shape { events: 3, operations: 5, twins: 7 };
const EVENTS: u64 = DELIVERIES * SHAPE.events as u64;

/// A record as far as it is compared.
#[derive(Debug, PartialEq, PartialOrd)]
struct Seen {
    event_id: String,
    id: String,
    key: String,
    /// As JSON.
    value: String,
    action: String,
}

/// Checks every way that the contender takes.
pub fn check(contender: &Contender, ways: &[Way]) {
    for &way in ways.iter().filter(|&&way| contender.takes(way)) {
        check_way(contender, way);
    }
}

/// Posts the deliveries and compares what a hub holds then that holds nothing else.
fn check_way(contender: &Contender, way: Way) {
    let name = format!("{} by the {}", contender.name(), way.name());
    let mut hub = Hub::start();
    let running = contender.start(&hub.connection_string);
    let mut connection = Connection::open(running.address).unwrap();
    let mut deliver = |request: &[u8]| {
        let status = connection.exchange(request).unwrap();
        assert_eq!(status, 200, "{name} fails; see target/bench/logs");
    };

    let template = Template::new(way, SHAPE);
    let mut request = Vec::new();
    for first in (0..EVENTS).step_by(SHAPE.events) {
        template.stamp(first, &mut request);
        deliver(&request);
    }
    let (odd, mut expected) = odd();
    deliver(&delivery::request(way, &delivery::body(way, &[odd])));
    expected.extend((0..EVENTS).flat_map(usual));

    // All were answered, so all must be there.
    let events = hub.events();
    let mut found: Vec<_> = events.iter().flat_map(|event| records(event, &name)).collect();
    expected.sort_by(|left, right| left.partial_cmp(right).unwrap());
    found.sort_by(|left, right| left.partial_cmp(right).unwrap());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{name} sends other records than expected");
    }
    assert_eq!(found.len(), expected.len(), "{name} sends another number of records than expected");
}

/// The records of one event of the usual kind.
fn usual(serial: u64) -> Vec<Seen> {
    let (event_id, twin) = delivery::identity(serial, SHAPE.twins);
    let record = |index| {
        let (key, value) = delivery::operation(index);
        Seen::new(&event_id, index, &twin, &key, &json!(value), "Update")
    };
    (0..SHAPE.operations).map(record).collect()
}

/// An event with all that a patch may hold, and its records.
fn odd() -> (Value, Vec<Seen>) {
    let patch = json!([
        {"value": {"Latitude": 47.64, "Longitude": -122.13, "$metadata": {}}, "path": "/GeoLocation", "op": "add"},
        {"value": "running", "path": "/comp1/Status", "op": "replace"},
        {"value": "2021-12-09T20:28:50.1234567Z", "path": "/comp1/$metadata/Status/sourceTime", "op": "replace"},
        {"path": "/tags/a~1b", "op": "remove"},
        {"value": [1, 2], "path": "/Readings", "op": "replace"},
        {"value": true, "path": "/v1.2", "op": "replace"},
        {"value": "dtmi:other;1", "path": "/$metadata/$model", "op": "replace"},
    ]);
    let changes = [
        ("GeoLocation.Latitude", json!(47.64), "Update"),
        ("GeoLocation.Longitude", json!(-122.13), "Update"),
        ("comp1.Status", json!("running"), "Update"),
        ("tags.a/b", Value::Null, "Delete"),
        ("Readings", json!([1, 2]), "Update"),
        (r"v1\.2", json!(true), "Update"),
    ];
    let records = changes.into_iter().enumerate();
    let records = records.map(|(index, (key, value, action))| Seen::new("odd", index, "OddTwin", key, &value, action));
    (delivery::update("odd", "OddTwin", &patch), records.collect())
}

/// The records that an event carries, however they are packed.
fn records(event: &Event, name: &str) -> Vec<Seen> {
    let records: Vec<Value> = if event.body.starts_with('[') {
        serde_json::from_str(&event.body).unwrap()
    } else {
        event.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let text = |record: &Value, member: &str| record[member].as_str().unwrap_or_default().to_owned();
    let seen = |record: &Value| {
        let (id, event_id) = (text(record, "Id"), text(record, "EventId"));
        assert_eq!(event.partition_key.as_deref(), Some(&*id), "{name}: the partition key is the twin's id");
        assert_eq!(event.content_type.as_deref(), Some("application/json"), "{name}: the content type");
        let message_id = event.message_id.as_deref().unwrap_or_default();
        let whole = event_id.rsplit_once('#').unwrap_or_default().0;
        assert!(message_id == event_id || message_id == whole, "{name}: the message id {message_id} of {event_id}");
        assert!(!text(record, "TimeStamp").is_empty() && !text(record, "ModelId").is_empty(), "{name}: {record}");
        let (key, action) = (text(record, "Key"), text(record, "Action"));
        assert_eq!(record.get("SourceTimeStamp").is_some(), key == "comp1.Status", "{name}: {record}");
        Seen { event_id, id, key, value: record["Value"].to_string(), action }
    };
    records.iter().map(seen).collect()
}

impl Seen {
    fn new(event: &str, index: usize, id: &str, key: &str, value: &Value, action: &str) -> Self {
        Self {
            event_id: format!("{event}#{index}"),
            id: id.to_owned(),
            key: key.to_owned(),
            value: value.to_string(),
            action: action.to_owned(),
        }
    }
}
