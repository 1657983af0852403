//! A day of the chocolate factory as Azure Digital Twins tells it, and the records that the bridge makes of it.

use std::{collections::BTreeMap, sync::Arc};

use factory::{Change, LAB, Simulator, relationships, twins};
use serde_json::{Map, Value, json};
use twin_records::{Config, Converted, convert};

/// The instance.
pub const SERVICE: &str = "factory.api.weu.digitaltwins.azure.net";

/// When the day is over.
pub const END: &str = "2026-03-02T00:00:00Z";

/// The twin that is taken away before the day is over, and when, in seconds of the day.
pub const GONE: (&str, u32) = ("FanningStep", 20 * 3600);

/// Seconds between two reports of a step. As often as in the lab, a day would be half a million records.
const PAUSE: u32 = 240;

/// Of so many notifications one is delivered twice.
const REPEATED: usize = 50;

/// The records of the day, in the order of their notifications.
pub fn records() -> Vec<Map<String, Value>> {
    let mut records = Vec::new();
    for notification in notifications() {
        let text = notification.to_string();
        // Telemetry has no time of its own.
        let received = notification["received"].as_str().unwrap();
        match convert(serde_json::from_str(&text).unwrap(), &Config::default(), received) {
            Ok(Converted::Records(_, made)) => {
                records.extend(made.iter().map(|record| serde_json::from_slice::<Map<_, _>>(record.text).unwrap()));
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    records
}

/// A second of the day.
pub fn time(second: u32) -> String {
    format!("2026-03-01T{:02}:{:02}:{:02}.000000Z", second / 3600, second / 60 % 60, second % 60)
}

/// What is told of the day: twins and relationships are created, the steps report, the factory gets another location
/// and loses it, a step is taken away. Some of it is told twice.
fn notifications() -> Vec<Value> {
    let mut told = Vec::new();
    let mut models: BTreeMap<Arc<str>, String> = BTreeMap::new();
    for twin in twins(LAB) {
        models.insert(Arc::clone(&twin.id), twin.body["$metadata"]["$model"].as_str().unwrap().to_owned());
        told.push(event("Twin.Create", 0, &twin.id, &with(twin.body, &json!({"$dtId": *twin.id}))));
    }
    let relationships = relationships(LAB);
    for relationship in &relationships {
        let subject = format!("{}/relationships/{}", relationship.source, relationship.id);
        let data = with(relationship.body.clone(), &json!({"$relationshipId": relationship.id}));
        told.push(event("Relationship.Create", 0, &subject, &data));
        if data["$targetId"] == GONE.0 {
            told.push(event("Relationship.Delete", GONE.1, &subject, &data));
        }
    }
    told.push(event("Twin.Delete", GONE.1, GONE.0, &json!({"$dtId": GONE.0, "$metadata": {"$model": models[GONE.0]}})));

    let update = |second, twin: &str, patch| {
        event("Twin.Update", second, twin, &json!({"modelId": models[twin], "patch": patch}))
    };
    let location = json!({"Latitude": 47.64, "Longitude": -122.14});
    let moved = json!([{"op": "replace", "path": "/GeoLocation", "value": location}]);
    told.push(update(10 * 3600, "ChocolateFactory", moved));
    told.push(update(12 * 3600, "ChocolateFactory", json!([{"op": "remove", "path": "/GeoLocation"}])));

    let mut simulator = Simulator::new(LAB, 6);
    let steps = u32::try_from(simulator.steps()).unwrap();
    for turn in 0..86_400 / PAUSE * steps {
        let second = 60 + turn / steps * PAUSE + turn % steps * 20;
        let reported = match simulator.next(&time(second)) {
            Change::Patch { twin, patch } => (twin.to_string(), Some(update(second, &twin, patch))),
            Change::Telemetry { twin, message } => {
                let mut telemetry = event("", second, "", &message);
                telemetry["type"] = json!("microsoft.iot.telemetry");
                telemetry["source"] = json!(format!("{SERVICE}/digitaltwins/{twin}"));
                telemetry["dataschema"] = json!(models[&twin]);
                telemetry.as_object_mut().unwrap().retain(|member, _| member != "subject" && member != "time");
                (twin.to_string(), Some(telemetry))
            }
        };
        told.extend(reported.1.filter(|_| reported.0 != GONE.0 || second < GONE.1));
    }
    told.sort_by_key(|event| event["received"].as_str().unwrap().to_owned());
    for (number, event) in told.iter_mut().enumerate() {
        event["id"] = json!(format!("{number:08x}"));
    }
    let again: Vec<_> = told.iter().step_by(REPEATED).cloned().collect();
    told.extend(again);
    told
}

/// A CloudEvent. `received` is an attribute beyond the standard's, which readers ignore.
fn event(kind: &str, second: u32, subject: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0", "id": "", "type": format!("Microsoft.DigitalTwins.{kind}"), "source": SERVICE,
        "subject": subject, "time": time(second), "received": time(second), "datacontenttype": "application/json",
        "traceparent": "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01", "data": data,
    })
}

/// An object with more members.
fn with(mut object: Value, members: &Value) -> Value {
    object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    object
}
