//! Telemetry, of which nothing stays but the notification.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Instance, ROOM, THERMOSTAT};

const TELEMETRY: &str = "/digitaltwins/room1/telemetry";

#[tokio::test]
async fn telemetry_is_told_with_the_id_that_its_sender_gave_it() {
    let mut instance = Instance::with_models().await;
    let before = instance.create_room("room1").await;
    instance.next_cloud_event().await;
    let headers = [("message-id", "m-1"), ("telemetry-source-time", "2021-11-30T18:47:53.764Z")];
    let sent = instance.send_with(Method::POST, TELEMETRY, &headers, Some(json!({"noise": 40}))).await;
    sent.expect(StatusCode::NO_CONTENT);
    let event = instance.next_cloud_event().await;
    assert_eq!((&event["id"], &event["data"]), (&json!("m-1"), &json!({"noise": 40})));
    assert_eq!(event["dataschema"], ROOM);

    let path = "/digitaltwins/room1/components/thermostat/telemetry";
    let sent = instance.send_with(Method::POST, path, &[("message-id", "m-2")], Some(json!({"x": 1}))).await;
    sent.expect(StatusCode::NO_CONTENT);
    let event = instance.next_cloud_event().await;
    assert_eq!((&event["subject"], &event["dataschema"]), (&json!("thermostat"), &json!(THERMOSTAT)));
    assert_eq!(instance.get("/digitaltwins/room1").await.expect(StatusCode::OK), before);
}

#[tokio::test]
async fn telemetry_that_makes_no_sense_is_refused() {
    let mut instance = Instance::with_models().await;
    instance.create_room("room1").await;
    instance.told();
    let payload = || Some(json!({"noise": 40}));
    let id = ("message-id", "m-1");
    let no_time = ("telemetry-source-time", "now");
    let component = "/digitaltwins/room1/components/none/telemetry";
    for (path, headers, body, status, code) in [
        (TELEMETRY, vec![], payload(), 400, "InvalidArgument"),
        (TELEMETRY, vec![("message-id", "")], payload(), 400, "InvalidArgument"),
        (TELEMETRY, vec![id, no_time], payload(), 400, "InvalidArgument"),
        (TELEMETRY, vec![id], Some(json!([1])), 400, "ValidationFailed"),
        ("/digitaltwins/none/telemetry", vec![id], payload(), 404, "DigitalTwinNotFound"),
        (component, vec![id], payload(), 404, "ComponentNotFound"),
    ] {
        instance.send_with(Method::POST, path, &headers, body).await.refused(status, code);
    }
    assert_eq!(instance.told(), []);
}
