//! Relationships between twins.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Instance, SENSOR};

const HAS: &str = "/digitaltwins/room1/relationships/has%20sensor";

/// A room that has a sensor, told already.
async fn room_with_sensor() -> Instance {
    let mut instance = Instance::with_models().await;
    instance.create_room("room1").await;
    instance.create("s1", json!({"$metadata": {"$model": SENSOR}})).await;
    instance.put(HAS, has("s1")).await.expect(StatusCode::OK);
    instance.told();
    instance
}

fn has(target: &str) -> Value {
    json!({"$relationshipName": "has", "$targetId": target, "since": "2021"})
}

#[tokio::test]
async fn a_relationship_is_listed_on_both_ends() {
    let instance = room_with_sensor().await;
    let read = instance.get(HAS).await;
    let etag = read.etag.clone().unwrap();
    let relationship = read.expect(StatusCode::OK);
    assert_eq!(
        relationship,
        json!({
            "$relationshipId": "has sensor", "$etag": etag, "$sourceId": "room1", "$relationshipName": "has",
            "$targetId": "s1", "since": "2021",
        })
    );
    let list = |path: &'static str| async { instance.get(path).await.expect(StatusCode::OK) };
    let all = json!({"value": [relationship], "nextLink": null});
    let none = json!({"value": [], "nextLink": null});
    assert_eq!(list("/digitaltwins/room1/relationships").await, all);
    assert_eq!(list("/digitaltwins/room1/relationships?relationshipName=has").await, all);
    assert_eq!(list("/digitaltwins/room1/relationships?relationshipName=near").await, none);
    assert_eq!(list("/digitaltwins/s1/relationships").await, none);
    assert_eq!(list("/digitaltwins/room1/incomingrelationships").await, none);
    assert_eq!(
        list("/digitaltwins/s1/incomingrelationships").await["value"],
        json!([{
            "$relationshipId": "has sensor", "$sourceId": "room1", "$relationshipName": "has",
            "$relationshipLink": "/digitaltwins/room1/relationships/has sensor",
        }])
    );
    for path in ["relationships", "incomingrelationships"] {
        instance.get(&format!("/digitaltwins/none/{path}")).await.refused(404, "DigitalTwinNotFound");
    }
}

#[tokio::test]
async fn the_properties_of_a_relationship_can_be_patched_and_nothing_else_of_it() {
    let mut instance = room_with_sensor().await;
    let before = instance.get(HAS).await.etag;
    let patch = json!([{"op": "add", "path": "/count", "value": 2}, {"op": "remove", "path": "/since"}]);
    let patched = instance.patch(HAS, patch).await;
    assert_ne!(patched.etag, before);
    patched.expect(StatusCode::NO_CONTENT);
    let relationship = instance.get(HAS).await.expect(StatusCode::OK);
    assert_eq!((relationship.get("since"), &relationship["count"]), (None, &json!(2)));
    assert_eq!(instance.told(), [("Relationship.Update".to_owned(), "room1/relationships/has sensor".to_owned())]);

    for (patch, code) in [
        (json!([{"op": "replace", "path": "/$targetId", "value": "room1"}]), "JsonPatchInvalid"),
        (json!([{"op": "remove", "path": "/since"}]), "JsonPatchInvalid"),
        (json!([{"op": "remove", "path": "/unknown"}]), "JsonPatchInvalid"),
        (json!([{"op": "add", "path": "/unknown", "value": 1}]), "ValidationFailed"),
        (json!([{"op": "add", "path": "/count", "value": "2"}]), "ValidationFailed"),
    ] {
        instance.patch(HAS, patch).await.refused(400, code);
    }
    let patch = json!([{"op": "add", "path": "/count", "value": 2}]);
    let nowhere = instance.patch("/digitaltwins/room1/relationships/none", patch).await;
    nowhere.refused(404, "RelationshipNotFound");
    assert_eq!(instance.told(), []);
}

#[tokio::test]
async fn a_relationship_must_be_one_that_the_models_know() {
    let mut instance = room_with_sensor().await;
    instance.create_room("room2").await;
    instance.told();
    let path = "/digitaltwins/room1/relationships/r";
    let with = |name: &str, target: &str| json!({"$relationshipName": name, "$targetId": target});
    instance.put(path, with("owns", "s1")).await.refused(400, "InvalidRelationship");
    instance.put(path, with("has", "room2")).await.refused(400, "InvalidRelationship");
    instance.put(path, with("has", "none")).await.refused(404, "TargetTwinNotFound");
    instance.put(path, json!({"$targetId": "s1"})).await.refused(400, "InvalidArgument");
    instance.put(path, json!({"$relationshipName": "has"})).await.refused(400, "InvalidArgument");
    let mut unknown = has("s1");
    unknown["unknown"] = json!(1);
    instance.put(path, unknown).await.refused(400, "ValidationFailed");
    instance.put("/digitaltwins/none/relationships/r", has("s1")).await.refused(404, "DigitalTwinNotFound");
    assert_eq!(instance.told(), []);
    instance.put(path, with("near", "room2")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_twin_with_relationships_stays() {
    let mut instance = room_with_sensor().await;
    for twin in ["/digitaltwins/room1", "/digitaltwins/s1"] {
        instance.delete(twin).await.refused(400, "RelationshipsNotDeleted");
    }
    assert_eq!(instance.told(), []);
    instance.delete(HAS).await.expect(StatusCode::NO_CONTENT);
    instance.delete(HAS).await.refused(404, "RelationshipNotFound");
    instance.get(HAS).await.refused(404, "RelationshipNotFound");
    for twin in ["/digitaltwins/room1", "/digitaltwins/s1"] {
        instance.delete(twin).await.expect(StatusCode::NO_CONTENT);
    }
    let told: Vec<_> = instance.told().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(told, ["Relationship.Delete", "Twin.Delete", "Twin.Delete"]);
}

#[tokio::test]
async fn a_replaced_relationship_leads_to_its_new_target_only() {
    let instance = room_with_sensor().await;
    instance.create("s2", json!({"$metadata": {"$model": SENSOR}})).await;
    let exists = instance.send_with(Method::PUT, HAS, &[("if-none-match", "*")], Some(has("s2"))).await;
    exists.refused(412, "PreconditionFailed");
    instance.put(HAS, has("s2")).await.expect(StatusCode::OK);
    instance.delete("/digitaltwins/s1").await.expect(StatusCode::NO_CONTENT);
    instance.delete("/digitaltwins/s2").await.refused(400, "RelationshipsNotDeleted");
}

#[tokio::test]
async fn a_twin_can_have_a_relationship_to_itself() {
    let instance = Instance::with_models().await;
    instance.create_room("room1").await;
    let path = "/digitaltwins/room1/relationships/r";
    instance.put(path, json!({"$relationshipName": "near", "$targetId": "room1"})).await.expect(StatusCode::OK);
    instance.delete(path).await.expect(StatusCode::NO_CONTENT);
    instance.delete("/digitaltwins/room1").await.expect(StatusCode::NO_CONTENT);
}
