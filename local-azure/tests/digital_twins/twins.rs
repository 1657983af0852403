//! Creating, reading, patching and deleting twins.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Instance, MEETING_ROOM, ROOM, SENSOR, room};

const TWIN: &str = "/digitaltwins/room1";

fn names(value: &Value) -> Vec<&String> {
    value.as_object().unwrap().keys().collect()
}

#[tokio::test]
async fn a_twin_is_shown_with_etag_and_the_times_of_its_properties() {
    let mut instance = Instance::with_models().await;
    let mut twin = room();
    twin["$dtId"] = json!("another id, which is ignored");
    twin["$metadata"]["name"] =
        json!({"sourceTime": "2021-11-30T18:47:53.7648958Z", "lastUpdateTime": "1999-01-01T00:00:00Z"});
    let created = instance.put(TWIN, twin).await;
    let etag = created.etag.clone().unwrap();
    let created = created.expect(StatusCode::OK);

    assert_eq!(names(&created), ["$dtId", "$etag", "Temperature", "name", "thermostat", "$metadata"]);
    assert_eq!(created["$dtId"], "room1");
    assert_eq!(created["$etag"], etag);
    assert!(etag.starts_with("W/\"") && etag.len() == 40, "{etag}");
    let now = &created["$metadata"]["$lastUpdateTime"];
    assert_eq!(now.as_str().unwrap().len(), "2021-12-09T20:28:52.6651216Z".len());
    assert_eq!(
        created["$metadata"],
        json!({
            "$model": ROOM,
            "$lastUpdateTime": now,
            "Temperature": {"lastUpdateTime": now},
            "name": {"lastUpdateTime": now, "sourceTime": "2021-11-30T18:47:53.7648958Z"},
        })
    );
    assert_eq!(
        created["thermostat"],
        json!({"setPoint": 20, "$metadata": {"$lastUpdateTime": now, "setPoint": {"lastUpdateTime": now}}})
    );

    let read = instance.get(TWIN).await;
    assert_eq!(read.etag, Some(etag));
    assert_eq!(read.expect(StatusCode::OK), created);
    assert_eq!(instance.told(), [("Twin.Create".to_owned(), "room1".to_owned())]);
}

#[tokio::test]
async fn the_oldest_version_of_the_api_has_no_last_update_time_of_the_whole() {
    let instance = Instance::with_models().await;
    let put = instance.send_raw(Method::PUT, &format!("{TWIN}?api-version=2020-10-31"), &[], Some(room())).await;
    let created = put.expect(StatusCode::OK);
    assert_eq!(names(&created["$metadata"]), ["$model", "Temperature", "name"]);
    assert_eq!(names(&created["thermostat"]["$metadata"]), ["setPoint"]);
    let newer = instance.send_raw(Method::GET, &format!("{TWIN}?api-version=2022-05-31"), &[], None).await;
    assert!(newer.expect(StatusCode::OK)["$metadata"]["$lastUpdateTime"].is_string());
}

#[tokio::test]
async fn a_patch_adds_replaces_and_removes() {
    let mut instance = Instance::with_models().await;
    let created = instance.create_room("room1").await;
    let patched = instance
        .patch(
            TWIN,
            json!([
                {"op": "replace", "path": "/Temperature", "value": 30},
                {"op": "add", "path": "/name", "value": "Hall"},
                {"op": "add", "path": "/tags", "value": {"a/b": "1"}},
                {"op": "add", "path": "/tags/m~1~0", "value": "2"},
                {"op": "remove", "path": "/tags/a~1b"},
                {"op": "add", "path": "/place", "value": {"floor": 1}},
                {"op": "replace", "path": "/place/floor", "value": 2},
                {"op": "replace", "path": "/thermostat/setPoint", "value": 19.5},
                {"op": "add", "path": "/$metadata/Temperature/sourceTime", "value": "2021-11-30T18:47:53.7648958Z"},
                {"op": "add", "path": "/thermostat/$metadata/setPoint/sourceTime", "value": "2021-11-30T19:47:53Z"},
            ]),
        )
        .await;
    let etag = patched.etag.clone().unwrap();
    patched.expect(StatusCode::NO_CONTENT);

    let twin = instance.get(TWIN).await.expect(StatusCode::OK);
    assert_ne!(created["$etag"], etag);
    assert_eq!(twin["$etag"], etag);
    assert_eq!((&twin["Temperature"], &twin["name"]), (&json!(30), &json!("Hall")));
    assert_eq!(twin["tags"], json!({"m/~": "2"}));
    assert_eq!(twin["place"], json!({"floor": 2}));
    let metadata = &twin["$metadata"];
    let now = &metadata["$lastUpdateTime"];
    assert_ne!(*now, created["$metadata"]["$lastUpdateTime"]);
    for property in ["Temperature", "name", "tags", "place"] {
        assert_eq!(metadata[property]["lastUpdateTime"], *now, "{property}");
    }
    assert_eq!(metadata["Temperature"]["sourceTime"], "2021-11-30T18:47:53.7648958Z");
    let thermostat = &twin["thermostat"]["$metadata"];
    assert_eq!(thermostat["$lastUpdateTime"], *now);
    assert_eq!(thermostat["setPoint"], json!({"lastUpdateTime": now, "sourceTime": "2021-11-30T19:47:53Z"}));

    // A source time stays until there is a new one; a removed property takes its metadata along.
    let patch = json!([{"op": "add", "path": "/Temperature", "value": 31}, {"op": "remove", "path": "/name"}]);
    instance.patch(TWIN, patch).await.expect(StatusCode::NO_CONTENT);
    let twin = instance.get(TWIN).await.expect(StatusCode::OK);
    assert_eq!(twin["$metadata"]["Temperature"]["sourceTime"], "2021-11-30T18:47:53.7648958Z");
    assert_eq!((twin.get("name"), twin["$metadata"].get("name")), (None, None));
    assert_eq!(instance.told().len(), 3);
}

#[tokio::test]
async fn a_patch_that_fails_changes_nothing_and_is_not_told() {
    let mut instance = Instance::with_models().await;
    instance.create_room("room1").await;
    instance.told();
    let before = instance.get(TWIN).await.expect(StatusCode::OK);
    let good = json!({"op": "replace", "path": "/Temperature", "value": 99});
    for (bad, code, reason) in [
        (json!({"op": "replace", "path": "/tags/a", "value": "1"}), "JsonPatchInvalid", "/tags/a"),
        (json!({"op": "replace", "path": "/inUse", "value": true}), "JsonPatchInvalid", "/inUse"),
        (json!({"op": "remove", "path": "/inUse"}), "JsonPatchInvalid", "/inUse"),
        (json!({"op": "move", "path": "/name", "from": "/x"}), "JsonPatchInvalid", "move is not supported"),
        (json!({"op": "test", "path": "/name", "value": "Lobby"}), "JsonPatchInvalid", "test is not supported"),
        (json!({"op": "add", "path": "/name"}), "JsonPatchInvalid", "no value"),
        (json!({"op": "add", "value": 1}), "JsonPatchInvalid", "no path"),
        (json!({"op": "add", "path": "name", "value": "x"}), "JsonPatchInvalid", "no JSON pointer"),
        (json!({"op": "add", "path": "/name~2", "value": "x"}), "JsonPatchInvalid", "no JSON pointer"),
        (json!({"op": "add", "path": "", "value": {}}), "JsonPatchInvalid", "empty"),
        (json!({"path": "/name"}), "JsonPatchInvalid", "no op"),
        (json!("x"), "JsonPatchInvalid", "no object"),
        (json!({"op": "replace", "path": "/$dtId", "value": "x"}), "JsonPatchInvalid", "/$dtId"),
        (json!({"op": "remove", "path": "/$metadata/name"}), "JsonPatchInvalid", "/$metadata/name"),
        (
            json!({"op": "add", "path": "/$metadata/inUse/sourceTime", "value": "2021-11-30T18:47:53Z"}),
            "JsonPatchInvalid",
            "no value",
        ),
        (
            json!({"op": "add", "path": "/$metadata/x/sourceTime", "value": "2021-11-30T18:47:53Z"}),
            "ValidationFailed",
            "no property",
        ),
        (
            json!({"op": "add", "path": "/$metadata/name/sourceTime", "value": "yesterday"}),
            "ValidationFailed",
            "RFC 3339",
        ),
        (
            json!({"op": "add", "path": "/unknown", "value": 1}),
            "ValidationFailed",
            "/unknown is not in dtmi:test:Room;1",
        ),
        (json!({"op": "remove", "path": "/unknown"}), "ValidationFailed", "/unknown"),
        (json!({"op": "add", "path": "/Temperature", "value": "warm"}), "ValidationFailed", "must be a number"),
        (json!({"op": "add", "path": "/name", "value": 1}), "ValidationFailed", "must be a string"),
        (json!({"op": "add", "path": "/inUse", "value": "true"}), "ValidationFailed", "must be a boolean"),
        (json!({"op": "add", "path": "/since", "value": "yesterday"}), "ValidationFailed", "RFC 3339"),
        (json!({"op": "add", "path": "/state", "value": 3}), "ValidationFailed", "one of [1,2]"),
        (json!({"op": "add", "path": "/tags", "value": {"a": 1}}), "ValidationFailed", "/tags/a"),
        (json!({"op": "add", "path": "/place/floor", "value": 1.5}), "ValidationFailed", "whole number"),
        (json!({"op": "add", "path": "/place", "value": {"room": 1}}), "ValidationFailed", "no field room"),
        (json!({"op": "add", "path": "/name/first", "value": "x"}), "ValidationFailed", "no place"),
        (json!({"op": "remove", "path": "/thermostat"}), "ValidationFailed", "can't be removed"),
        (json!({"op": "add", "path": "/thermostat", "value": 1}), "ValidationFailed", "must be an object"),
        (
            json!({"op": "add", "path": "/thermostat/unknown", "value": 1}),
            "ValidationFailed",
            "not in dtmi:test:Thermostat;1",
        ),
        (
            json!({"op": "replace", "path": "/$metadata/$model", "value": "dtmi:test:None;1"}),
            "ValidationFailed",
            "does not exist",
        ),
        (json!({"op": "replace", "path": "/$metadata/$model", "value": 1}), "ValidationFailed", "$model"),
    ] {
        let refusal = instance.patch(TWIN, json!([good, bad])).await.refused(400, code);
        assert!(refusal.contains(reason), "{bad}: {refusal}");
    }
    for bad in [json!({}), json!([]), json!("x")] {
        instance.patch(TWIN, bad).await.refused(400, "JsonPatchInvalid");
    }
    assert_eq!(instance.get(TWIN).await.expect(StatusCode::OK), before);
    assert_eq!(instance.told(), []);
}

#[tokio::test]
async fn a_patch_can_change_the_model_if_the_twin_then_fits_it() {
    let instance = Instance::with_models().await;
    instance.create_room("room1").await;
    let to = |model: &str| json!({"op": "replace", "path": "/$metadata/$model", "value": model});
    let seats = json!({"op": "add", "path": "/seats", "value": 8});
    instance.patch(TWIN, json!([seats, to(MEETING_ROOM)])).await.expect(StatusCode::NO_CONTENT);
    let twin = instance.get(TWIN).await.expect(StatusCode::OK);
    assert_eq!((&twin["$metadata"]["$model"], &twin["seats"]), (&json!(MEETING_ROOM), &json!(8)));

    let refusal = instance.patch(TWIN, json!([to(ROOM)])).await.refused(400, "ValidationFailed");
    assert!(refusal.contains("/seats is not in dtmi:test:Room;1"), "{refusal}");
    let remove = json!({"op": "remove", "path": "/seats"});
    instance.patch(TWIN, json!([to(ROOM), remove])).await.expect(StatusCode::NO_CONTENT);
    let twin = instance.get(TWIN).await.expect(StatusCode::OK);
    assert_eq!((twin.get("seats"), twin["$metadata"].get("seats")), (None, None));
}

#[tokio::test]
async fn a_twin_that_does_not_fit_its_model_is_refused_with_every_reason() {
    let mut instance = Instance::with_models().await;
    let twin = json!({"$metadata": {"$model": ROOM}, "Temperature": "warm", "unknown": 1, "state": 7});
    let refusal = instance.put(TWIN, twin).await.refused(400, "ValidationFailed");
    for reason in ["/Temperature", "/unknown", "/state", "/thermostat is missing"] {
        assert!(refusal.contains(reason), "{refusal}");
    }
    let refusal = instance.put(TWIN, json!({"$metadata": {"$model": "dtmi:test:None;1"}})).await;
    assert!(refusal.refused(400, "ValidationFailed").contains("dtmi:test:None;1 or one of its dependencies"));
    instance.put(TWIN, json!({"name": "x"})).await.refused(400, "ValidationFailed");
    instance.put(TWIN, json!([1])).await.refused(400, "InvalidArgument");
    instance.put(&format!("/digitaltwins/{}", "x".repeat(129)), room()).await.refused(400, "InvalidArgument");
    instance.get(TWIN).await.refused(404, "DigitalTwinNotFound");
    assert_eq!(instance.told(), []);
}

#[tokio::test]
async fn a_model_passes_on_what_it_has_to_those_that_extend_it() {
    let instance = Instance::with_models().await;
    let mut twin = room();
    twin["$metadata"]["$model"] = json!(MEETING_ROOM);
    twin["seats"] = json!(12);
    instance.put(TWIN, twin.clone()).await.expect(StatusCode::OK);
    twin["seats"] = json!(2_147_483_648_i64);
    instance.put(TWIN, twin).await.refused(400, "ValidationFailed");
}

#[tokio::test]
async fn a_deleted_twin_is_gone() {
    let mut instance = Instance::with_models().await;
    instance.create("s1", json!({"$metadata": {"$model": SENSOR}})).await;
    instance.delete("/digitaltwins/s1").await.expect(StatusCode::NO_CONTENT);
    instance.get("/digitaltwins/s1").await.refused(404, "DigitalTwinNotFound");
    instance.delete("/digitaltwins/s1").await.refused(404, "DigitalTwinNotFound");
    let patch = json!([{"op": "add", "path": "/battery", "value": 1}]);
    instance.patch("/digitaltwins/s1", patch).await.refused(404, "DigitalTwinNotFound");
    let told: Vec<_> = instance.told().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(told, ["Twin.Create", "Twin.Delete"]);
}

#[tokio::test]
async fn ids_are_case_sensitive_and_may_hold_spaces_and_percent_signs() {
    let mut instance = Instance::with_models().await;
    let created = instance.create("A%20%25b", json!({"$metadata": {"$model": SENSOR}})).await;
    assert_eq!(created["$dtId"], "A %b");
    assert_eq!(instance.get("/digitaltwins/A%20%25b").await.status, StatusCode::OK);
    instance.get("/digitaltwins/a%20%25b").await.refused(404, "DigitalTwinNotFound");
    assert_eq!(instance.told(), [("Twin.Create".to_owned(), "A %b".to_owned())]);
}
