//! Models.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Instance, MEETING_ROOM, ROOM, SENSOR, THERMOSTAT, interface, room};

async fn post(instance: &Instance, models: Value) -> crate::support::Reply {
    instance.send(Method::POST, "/models", Some(models)).await
}

#[tokio::test]
async fn models_are_listed_with_what_they_need_and_with_their_definition_if_asked_for() {
    let instance = Instance::with_models().await;
    let ids = |list: Value| -> Vec<String> {
        list["value"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = instance.get("/models").await.expect(StatusCode::OK);
    assert_eq!(all["value"][0].get("model"), None);
    assert_eq!(ids(all), [MEETING_ROOM, ROOM, SENSOR, THERMOSTAT]);
    let path = "/models?dependenciesFor=dtmi%3Atest%3AMeetingRoom%3B1&includeModelDefinition=true";
    let some = instance.get(path).await.expect(StatusCode::OK);
    assert_eq!(some["value"][0]["model"]["extends"], ROOM);
    assert_eq!(ids(some), [MEETING_ROOM, ROOM, THERMOSTAT]);

    let model = instance.get(&format!("/models/{SENSOR}")).await.expect(StatusCode::OK);
    assert!(model["uploadTime"].is_string());
    assert_eq!((&model["id"], &model["decommissioned"]), (&json!(SENSOR), &json!(false)));
    instance.get("/models/dtmi:test:None;1").await.refused(404, "ModelNotFound");
    instance.get("/models?dependenciesFor=dtmi:test:None;1").await.refused(404, "ModelNotFound");
}

#[tokio::test]
async fn models_are_added_all_or_none() {
    let instance = Instance::with_models().await;
    let good = interface("dtmi:test:Good;1", json!([]));
    let circle = |id: &str, base: &str| {
        let mut circle = interface(id, json!([]));
        circle["extends"] = json!(base);
        circle
    };
    let twins = json!([{"@type": "Telemetry", "name": "a"}, {"@type": "Property", "name": "a", "schema": "string"}]);
    let property = |schema: Value| json!([{"@type": "Property", "name": "p", "schema": schema}]);
    for (bad, reason) in [
        (interface("room", json!([])), "no model id"),
        (interface("dtmi:test:No version", json!([])), "no model id"),
        (json!({"@id": "dtmi:test:Bad;1", "@type": "Property", "@context": "dtmi:dtdl:context;3"}), "@type Interface"),
        (interface("dtmi:test:Bad;1", property(json!("colour"))), "colour"),
        (interface("dtmi:test:Bad;1", property(json!({"@type": "Map"}))), "lacks the schema"),
        (interface("dtmi:test:Bad;1", json!([{"@type": "Colour", "name": "c"}])), "c: The @type"),
        (interface("dtmi:test:Bad;1", json!([{"@type": "Property"}])), "no name"),
        (
            interface("dtmi:test:Bad;1", json!([{"@type": "Component", "name": "c", "schema": "not a model"}])),
            "component",
        ),
        (circle("dtmi:test:Bad;1", "dtmi:test:None;1"), "dtmi:test:None;1 is referred to"),
        (circle("dtmi:test:Bad;1", "dtmi:test:Bad;1"), "circle"),
        (good.clone(), "twice"),
        (interface("dtmi:test:Bad;1", json!([{"@type": "Telemetry", "name": "$metadata"}])), "can't be the name"),
        (interface("dtmi:test:Bad;1", twins), "there twice"),
    ] {
        let refusal = post(&instance, json!([good, bad])).await.refused(400, "DTDLParserError");
        assert!(refusal.contains(reason), "{bad}: {refusal}");
    }
    let nested = (0..20).fold(json!("double"), |schema, _| json!({"@type": "Array", "elementSchema": schema}));
    let deep = interface("dtmi:test:Deep;1", property(nested));
    assert!(post(&instance, json!([deep])).await.refused(400, "DTDLParserError").contains("nests deeper"));
    let again = post(&instance, json!([good, interface(SENSOR, json!([]))])).await;
    assert!(again.refused(409, "ModelIdAlreadyExists").contains(SENSOR));
    for version in [json!(null), json!("dtmi:dtdl:context;1"), json!(["dtmi:dtdl:context;4"])] {
        let mut unknown = good.clone();
        unknown["@context"] = version;
        post(&instance, json!([good, unknown])).await.refused(400, "ModelVersionNotSupported");
    }
    post(&instance, json!(["x"])).await.refused(400, "ModelVersionNotSupported");
    post(&instance, json!([])).await.refused(400, "InvalidArgument");
    post(&instance, json!({})).await.refused(400, "InvalidArgument");
    instance.get("/models/dtmi:test:Good;1").await.refused(404, "ModelNotFound");

    let added = post(&instance, json!([good])).await.expect(StatusCode::CREATED);
    assert_eq!(added[0]["id"], "dtmi:test:Good;1");
}

#[tokio::test]
async fn a_schema_can_be_defined_once_and_used_by_its_id() {
    let instance = Instance::start().await;
    let id = "dtmi:test:Machine;1";
    let mut machine = interface(
        id,
        json!([
            {"@type": "Property", "name": "a", "schema": "dtmi:test:Machine:state;1"},
            {"@type": "Property", "name": "b", "schema": {"@type": "Array", "elementSchema": "dtmi:test:Machine:state;1"}},
        ]),
    );
    machine["displayName"] = json!("Machine");
    machine["schemas"] = json!([{"@id": "dtmi:test:Machine:state;1", "@type": "Enum", "valueSchema": "string",
        "enumValues": [{"name": "on", "enumValue": "on"}]}]);
    let added = post(&instance, json!([machine])).await.expect(StatusCode::CREATED);
    assert_eq!(added[0]["displayName"], json!({"en": "Machine"}));
    let twin = |a: &str, b: &str| json!({"$metadata": {"$model": id}, "a": a, "b": [b]});
    instance.put("/digitaltwins/m", twin("on", "on")).await.expect(StatusCode::OK);
    instance.put("/digitaltwins/m", twin("off", "on")).await.refused(400, "ValidationFailed");
    instance.put("/digitaltwins/m", twin("on", "off")).await.refused(400, "ValidationFailed");
}

#[tokio::test]
async fn a_model_that_others_need_stays() {
    let instance = Instance::with_models().await;
    instance.create_room("room1").await;
    let at = |id: &str| format!("/models/{id}");
    for needed in [THERMOSTAT, ROOM] {
        instance.delete(&at(needed)).await.refused(409, "ModelReferencesNotDeleted");
    }
    for id in [MEETING_ROOM, ROOM] {
        instance.delete(&at(id)).await.expect(StatusCode::NO_CONTENT);
        instance.delete(&at(id)).await.refused(404, "ModelNotFound");
    }
    // The twin stays and can be read, but there is nothing any more to check a change against.
    let rename = json!([{"op": "add", "path": "/name", "value": "x"}]);
    instance.patch("/digitaltwins/room1", rename).await.refused(400, "ValidationFailed");
    assert_eq!(instance.get("/digitaltwins/room1").await.status, StatusCode::OK);
    instance.delete("/digitaltwins/room1").await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_decommissioned_model_gets_no_new_twins() {
    let instance = Instance::with_models().await;
    instance.create_room("room1").await;
    let model = format!("/models/{ROOM}");
    let decommission = json!([{"op": "replace", "path": "/decommissioned", "value": true}]);
    for bad in [json!([]), json!([{"op": "replace", "path": "/displayName", "value": "x"}]), json!("x")] {
        instance.patch(&model, bad).await.refused(400, "JsonPatchInvalid");
    }
    instance.patch("/models/dtmi:test:None;1", decommission.clone()).await.refused(404, "ModelNotFound");
    instance.patch(&model, decommission).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(instance.get(&model).await.expect(StatusCode::OK)["decommissioned"], true);
    instance.put("/digitaltwins/room2", room()).await.refused(400, "ModelDecommissioned");
    let rename = json!([{"op": "add", "path": "/name", "value": "x"}]);
    instance.patch("/digitaltwins/room1", rename).await.expect(StatusCode::NO_CONTENT);
}
