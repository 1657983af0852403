//! A handful of twin updates, as Azure Digital Twins emits them for the chocolate factory of the Microsoft Learn lab.

use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};
use uuid::Uuid;

const MODELS: &str = "dtmi:com:microsoft:iot:e2e:digital_factory";

/// Two deliveries: an array in the Event Grid schema, and one CloudEvent.
#[must_use]
pub fn deliveries() -> Vec<Value> {
    let grinding = update(
        "GrindingStep",
        "production_step_grinding;1",
        json!([
            {"value": 204.1187, "path": "/ChasisTemperature", "op": "add"},
            {"value": 307.5, "path": "/Force", "op": "add"},
            {"value": 72.09, "path": "/PowerUsage", "op": "add"},
            {"value": now(), "path": "/$metadata/Force/sourceTime", "op": "add"},
        ]),
    );
    let fanning = update(
        "FanningStep",
        "production_step_fanning;2",
        json!([
            {"value": {"FanSpeed": 12.25, "RoastingTime": 95}, "path": "/Roaster", "op": "replace"},
            {"path": "/Alarm", "op": "remove"},
        ]),
    );
    let moulding = json!({
        "specversion": "1.0",
        "id": Uuid::new_v4().to_string(),
        "type": "Microsoft.DigitalTwins.Twin.Update",
        "source": "chocolate-factory.api.weu.digitaltwins.azure.net",
        "subject": "MouldingStep",
        "time": now(),
        "datacontenttype": "application/json",
        "traceparent": "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01",
        "data": {
            "modelId": format!("{MODELS}:production_step_moulding;1"),
            "patch": [{"value": true, "path": "/FinalStep", "op": "replace"}, {"value": 71.5, "path": "/PowerUsage", "op": "replace"}],
        },
    });
    vec![json!([grinding, fanning]), moulding]
}

fn update(twin: &str, model: &str, patch: Value) -> Value {
    let mut event = json!({
        "id": Uuid::new_v4().to_string(),
        "subject": twin,
        "data": {
            "data": {"modelId": format!("{MODELS}:{model}")},
            "contenttype": "application/json",
            "traceparent": "00-2aa957558db348f387ef704b37631a1d-c28d665340fe5045-01",
        },
        "eventType": "Microsoft.DigitalTwins.Twin.Update",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": now(),
        "topic": "/subscriptions/local/resourceGroups/local/providers/Microsoft.EventGrid/topics/local",
    });
    event["data"]["data"]["patch"] = patch;
    event
}

/// As the service writes it: seven digits, UTC.
fn now() -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");
    OffsetDateTime::now_utc().format(format).unwrap_or_default()
}
