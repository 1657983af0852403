//! Components of twins.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::Instance;

const COMPONENT: &str = "/digitaltwins/room1/components/thermostat";

#[tokio::test]
async fn a_component_is_shown_with_the_etag_of_its_twin() {
    let instance = Instance::with_models().await;
    let twin = instance.create_room("room1").await;
    let component = instance.get(COMPONENT).await;
    assert_eq!(component.etag.as_deref(), twin["$etag"].as_str());
    assert_eq!(component.expect(StatusCode::OK), twin["thermostat"]);
}

#[tokio::test]
async fn a_patch_of_a_component_is_told_as_a_patch_of_its_twin() {
    let mut instance = Instance::with_models().await;
    instance.create_room("room1").await;
    instance.told();
    let patch = json!([
        {"op": "replace", "path": "/setPoint", "value": 18},
        {"op": "add", "path": "/mode", "value": "eco"},
    ]);
    let patched = instance.patch(COMPONENT, patch).await;
    let etag = patched.etag.clone();
    patched.expect(StatusCode::NO_CONTENT);
    assert_eq!(instance.get("/digitaltwins/room1").await.etag, etag);
    let component = instance.get(COMPONENT).await.expect(StatusCode::OK);
    assert_eq!((&component["setPoint"], &component["mode"]), (&json!(18), &json!("eco")));
    assert!(component["$metadata"]["mode"]["lastUpdateTime"].is_string());

    let event = instance.next_event_grid_event().await;
    assert_eq!(event["subject"], "room1");
    assert_eq!(
        event["data"]["data"]["patch"],
        json!([
            {"value": 18, "path": "/thermostat/setPoint", "op": "replace"},
            {"value": "eco", "path": "/thermostat/mode", "op": "add"},
        ])
    );
}

#[tokio::test]
async fn a_component_can_be_replaced_as_a_whole() {
    let instance = Instance::with_models().await;
    instance.create_room("room1").await;
    let replace = |value| json!([{"op": "replace", "path": "/thermostat", "value": value}]);
    let patch = replace(json!({"$metadata": {"mode": {"sourceTime": "2021-11-30T18:47:53Z"}}, "mode": "eco"}));
    instance.patch("/digitaltwins/room1", patch).await.expect(StatusCode::NO_CONTENT);
    let component = instance.get(COMPONENT).await.expect(StatusCode::OK);
    assert_eq!((component.get("setPoint"), &component["mode"]), (None, &json!("eco")));
    assert_eq!(component["$metadata"]["mode"]["sourceTime"], "2021-11-30T18:47:53Z");
    let refusal = instance.patch("/digitaltwins/room1", replace(json!({"mode": 1}))).await;
    assert!(refusal.refused(400, "ValidationFailed").contains("/thermostat/mode"));
}

#[tokio::test]
async fn what_is_no_component_is_not_found() {
    let mut instance = Instance::with_models().await;
    instance.create_room("room1").await;
    instance.told();
    let patch = json!([{"op": "add", "path": "/x", "value": 1}]);
    for name in ["none", "name", "$metadata"] {
        let component = format!("/digitaltwins/room1/components/{name}");
        instance.get(&component).await.refused(404, "ComponentNotFound");
        instance.patch(&component, patch.clone()).await.refused(404, "ComponentNotFound");
    }
    instance.get("/digitaltwins/room2/components/thermostat").await.refused(404, "DigitalTwinNotFound");
    instance.patch(COMPONENT, patch).await.refused(400, "ValidationFailed");
    assert_eq!(instance.told(), []);
}
