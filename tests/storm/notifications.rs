//! What is sent: notifications of all kinds about the twins of one sender, some of them bad and some too large.

use fastrand::Rng;
use serde_json::{Value, json, value::RawValue};
use twin_records::{Config, Converted, convert};

use crate::ledger::{Expected, hash};

/// What a delivery brings at most.
const LARGEST_DELIVERY: usize = 32;

/// What a sender owns.
pub const TWINS: usize = 6;

const HOST: &str = "contoso.api.weu.digitaltwins.azure.net";

/// One event as it is sent, with what must become of it.
#[derive(Debug)]
pub struct Notification {
    pub twin: String,
    pub text: String,
    pub expected: Expected,
    /// A hash of each record that it gives.
    pub records: Vec<u64>,
}

/// The id of a sender's twin.
pub fn twin(sender: usize, number: usize) -> String {
    format!("Étape {sender}-{number}")
}

/// Makes the notifications of one sender, whose subscription has one of the two schemas.
#[derive(Debug)]
pub struct Generator {
    rng: Rng,
    cloud_events: bool,
    twins: Vec<String>,
    settings: Config,
}

impl Generator {
    pub fn new(sender: usize, cloud_events: bool, rng: Rng) -> Self {
        let twins = (0..TWINS).map(|number| twin(sender, number)).collect();
        let settings = Config::default();
        Self { rng, cloud_events, twins, settings }
    }

    /// How many events the next delivery has: often few, seldom many, as Event Grid batches.
    pub fn size_of_delivery(&mut self) -> usize {
        let limit = self.rng.usize(1..=LARGEST_DELIVERY);
        self.rng.usize(1..=limit.max(2))
    }

    /// The next notification, to be known under this id.
    pub fn next(&mut self, id: &str) -> Notification {
        let twin = self.rng.choice(&self.twins).unwrap().clone();
        let (event, size) = self.event(id, &twin);
        let text = event.to_string();
        let raw = RawValue::from_string(text.clone()).unwrap();
        let (expected, records) = match convert(&raw, &self.settings, "") {
            Err(_) => (Expected::SetAside, Vec::new()),
            Ok(Converted::Ignored { .. }) => (Expected::Nothing, Vec::new()),
            Ok(Converted::Records(_, records)) if records.is_empty() => (Expected::Nothing, Vec::new()),
            Ok(Converted::Records(_, records)) => (size, records.iter().map(|record| hash(record.text)).collect()),
        };
        Notification { twin, text, expected, records }
    }

    fn event(&mut self, id: &str, twin: &str) -> (Value, Expected) {
        let twin_event = |kind| format!("Microsoft.DigitalTwins.Twin.{kind}");
        let mut expected = Expected::Stored;
        let event = match self.rng.u32(0..1_000) {
            0..700 => {
                let patch = self.patch();
                self.wrap(id, &twin_event("Update"), twin, &json!({"modelId": "dtmi:example:step;1", "patch": patch}))
            }
            700..760 => {
                let created = json!({
                    "$dtId": twin, "$etag": "W/\"1\"", "Speed": self.rng.i32(..), "Name": self.text(20),
                    "Front": {"Temperature": self.rng.f64(), "$metadata": {}},
                    "$metadata": {"$model": "dtmi:example:step;1"},
                });
                self.wrap(id, &twin_event("Create"), twin, &created)
            }
            760..780 => {
                let deleted = json!({"$dtId": twin, "$metadata": {"$model": "dtmi:example:step;1"}});
                self.wrap(id, &twin_event("Delete"), twin, &deleted)
            }
            780..880 => self.telemetry(id, twin),
            880..920 => {
                let kind = "Microsoft.DigitalTwins.Relationship.Update";
                let patch = self.patch();
                let subject = format!("{twin}/relationships/feeds");
                self.wrap(id, kind, &subject, &json!({"modelId": "dtmi:example:step;1", "patch": patch}))
            }
            // A change of nothing but metadata, and an event that is none of Azure Digital Twins'.
            920..940 => self.update(id, twin, &json!([{"op": "replace", "path": "/$metadata/$model", "value": "m"}])),
            940..950 => self.wrap(id, "Microsoft.Storage.BlobCreated", twin, &json!({})),
            // Bad ones: an unknown operation among good ones, no patch, no id.
            950..965 => {
                let mut patch = self.patch();
                patch.push(json!({"op": "move", "from": "/a", "path": "/b"}));
                self.update(id, twin, &json!(patch))
            }
            965..975 => self.update(id, twin, &json!("none")),
            975..980 => {
                let patch = self.patch();
                let mut event = self.update(id, twin, &json!(patch));
                event.as_object_mut().unwrap().remove("id");
                event
            }
            // Larger than the hub takes while it takes less than usual.
            980..995 => {
                expected = Expected::Either;
                let size = self.rng.usize(20_000..90_000);
                let patch = json!([self.replace("/Log", size), self.replace("/Step", 4)]);
                self.update(id, twin, &patch)
            }
            // Larger than it ever takes, with neighbours in the same patch that must not be forwarded alone.
            _ => {
                expected = Expected::SetAside;
                let patch = json!([self.replace("/Step", 4), self.replace("/Log", 300_000)]);
                self.update(id, twin, &patch)
            }
        };
        (event, expected)
    }

    fn update(&mut self, id: &str, twin: &str, patch: &Value) -> Value {
        let data = json!({"modelId": "dtmi:example:step;1", "patch": patch});
        self.wrap(id, "Microsoft.DigitalTwins.Twin.Update", twin, &data)
    }

    fn patch(&mut self) -> Vec<Value> {
        let operations = self.rng.usize(1..=5);
        (0..operations)
            .map(|_| {
                let path = self.rng.choice(["/Speed", "/Front/Temperature", "/labels/ä", "/Motor~1Left"]).unwrap();
                match self.rng.u32(0..10) {
                    0 => json!({"op": "remove", "path": path}),
                    1 => json!({"op": "add", "path": "/Front", "value": {"Temperature": self.rng.f64(), "On": true}}),
                    2 => self.replace("/Name", 30),
                    _ => json!({"op": "replace", "path": path, "value": self.rng.i64(..)}),
                }
            })
            .collect()
    }

    fn replace(&mut self, path: &str, length: usize) -> Value {
        json!({"op": "replace", "path": path, "value": self.text(length)})
    }

    fn telemetry(&mut self, id: &str, twin: &str) -> Value {
        let payload = json!({"Load": self.rng.f64(), "Step": self.text(8)});
        let mut event = self.wrap(id, "microsoft.iot.telemetry", twin, &payload);
        let fields = event.as_object_mut().unwrap();
        if self.cloud_events {
            fields.insert("source".to_owned(), json!(format!("{HOST}/digitaltwins/{twin}")));
            fields.remove("subject");
        }
        event
    }

    fn wrap(&mut self, id: &str, kind: &str, subject: &str, data: &Value) -> Value {
        let time = format!("2026-01-01T00:00:00.{:07}Z", self.rng.u32(0..10_000_000));
        let traceparent = format!("00-{:032x}-{:016x}-01", self.rng.u128(1..), self.rng.u64(1..));
        if self.cloud_events {
            json!({
                "specversion": "1.0", "id": id, "type": kind, "source": HOST, "subject": subject, "time": time,
                "datacontenttype": "application/json", "traceparent": traceparent, "data": data,
            })
        } else {
            json!({
                "id": id, "eventType": kind, "subject": subject, "eventTime": time, "topic": "/t", "dataVersion": "1.0",
                "metadataVersion": "1",
                "data": {"data": data, "contenttype": "application/json", "traceparent": traceparent},
            })
        }
    }

    fn text(&mut self, length: usize) -> String {
        (0..length).map(|_| self.rng.alphanumeric()).collect()
    }
}
