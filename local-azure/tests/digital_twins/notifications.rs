//! Every kind of notification in both schemas, compared member by member, in order, with the examples in
//! `tests/fixtures/notifications`, most of which Azure publishes.

use local_azure::digital_twins::{Precondition, Telemetry};
use serde_json::{Value, json};

use crate::{
    examples::{example, exists, is_time, is_trace, is_uuid, replace, replace_in_data},
    support::{Instance, interface},
};

const MODEL: &str = "dtmi:examplecom:interfaceName;1";

/// The event as text, with placeholders for what differs from one time to the next, once it has the right form.
fn normalized(mut event: Value) -> String {
    replace(&mut event, "id", is_uuid);
    replace(&mut event, "time", is_time);
    replace(&mut event, "eventTime", |text| is_time(text) || text == "0001-01-01T00:00:00Z");
    replace(&mut event, "topic", |text| text.contains("/providers/Microsoft.EventGrid/topics/"));
    replace(&mut event, "traceparent", is_trace);
    replace(&mut event["data"], "traceparent", is_trace);
    let data = if event["data"].get("data").is_some() { &mut event["data"]["data"] } else { &mut event["data"] };
    replace_in_data(data);
    serde_json::to_string_pretty(&event).unwrap()
}

/// The next events at both endpoints are the examples of that name, wherever there is one.
async fn told(instance: &mut Instance, name: &str) {
    let examples = [
        (format!("notifications/{name}.eventgrid"), instance.next_event_grid_event().await),
        (format!("notifications/{name}.cloudevents"), instance.next_cloud_event().await),
    ];
    let mut compared = 0;
    for (example, event) in examples {
        if exists(&example) {
            let example = self::example(&example);
            if example.get("eventTime").is_some() {
                let times = [&event["eventTime"], &example["eventTime"]];
                assert!(
                    times.iter().all(|time| (*time == "0001-01-01T00:00:00Z") == (name == "telemetry")),
                    "{times:?}"
                );
            }
            assert_eq!(normalized(event), normalized(example), "{name}");
            compared += 1;
        }
    }
    assert_ne!(compared, 0, "there is no example named {name}");
}

/// Drops what was told so far.
async fn forget(instance: &mut Instance, events: usize) {
    for _ in 0..events {
        instance.next_event_grid_event().await;
        instance.next_cloud_event().await;
    }
}

fn property(name: &str, schema: Value) -> Value {
    let mut property = json!({"@type": "Property", "name": name});
    property["schema"] = schema;
    property
}

#[tokio::test]
async fn the_life_of_a_twin() {
    let mut instance = Instance::start().await;
    let graph = std::sync::Arc::clone(instance.twins.graph());
    graph.put_models(vec![interface(MODEL, json!([property("room", json!("string"))]))]).unwrap();
    let id = "example-twin1";
    let twin = json!({"$metadata": {"$model": MODEL}, "room": "room name"});
    graph.put_twin(id, twin, Precondition::None).await.unwrap();
    told(&mut instance, "twin-create").await;
    let rename = |name: &str| json!([{"op": "replace", "path": "/room", "value": name}]);
    graph.update_twin(id, rename("new name"), Precondition::None).await.unwrap();
    told(&mut instance, "twin-update").await;
    graph.update_twin(id, rename("room name"), Precondition::None).await.unwrap();
    forget(&mut instance, 1).await;
    graph.delete_twin(id, Precondition::None).await.unwrap();
    told(&mut instance, "twin-delete").await;
}

/// An update as the examples have it: a model for which it makes sense, the twin before, and what the example is called.
struct Update {
    example: &'static str,
    contents: Value,
    before: Value,
    /// Another model that must exist.
    other: Option<Value>,
}

fn updates() -> Vec<Update> {
    let update = |example, contents, before| Update { example, contents, before, other: None };
    let component = |name: &str, schema: &str| json!({"@type": "Component", "name": name, "schema": schema});
    let object = |fields: Value| json!({"@type": "Object", "fields": fields});
    let field = |name: &str, schema: &str| json!({"name": name, "schema": schema});
    let strings = |name: &str| object(json!([field(name, "string")]));
    let part = |contents: Value| Some(interface("dtmi:example:Part;1", contents));
    let types = [
        ("aBoolean", json!("boolean"), json!(false)),
        ("aDate", json!("date"), json!("2020-01-01")),
        ("aDateTime", json!("dateTime"), json!("2020-01-01T00:00:00Z")),
        ("aDuration", json!("duration"), json!("PT1M")),
        ("aTime", json!("time"), json!("00:00:00")),
        ("aDouble", json!("double"), json!(0)),
        ("anInteger", json!("integer"), json!(0)),
        ("aLong", json!("long"), json!(0)),
        ("aString", json!("string"), json!("x")),
        ("anIntEnum", json!({"@type": "Enum", "enumValues": [{"enumValue": 1}, {"enumValue": 2}]}), json!(1)),
        ("aStringEnum", json!({"@type": "Enum", "enumValues": [{"enumValue": "online"}]}), json!("online")),
        (
            "anObject",
            object(json!([field("roll", "double"), field("pitch", "double"), field("yaw", "double")])),
            json!({}),
        ),
        ("aMap", json!({"@type": "Map", "mapValue": {"schema": "double"}}), json!({})),
        ("anArray", json!({"@type": "Array", "elementSchema": "double"}), json!([])),
        (
            "anArrayOfObjects",
            json!({"@type": "Array", "elementSchema": object(json!([field("x", "integer")]))}),
            json!([]),
        ),
    ];
    let mut before_types = json!({});
    for (name, _, value) in &types {
        before_types[*name] = value.clone();
    }
    vec![
        update("twin-update-value-types", types.map(|(name, schema, _)| property(name, schema)).into(), before_types),
        update("twin-update-remove", json!([property("EmployeeId", json!("string"))]), json!({"EmployeeId": "7"})),
        update("twin-update-object-add", json!([property("ObjectProperty", strings("StringSubProperty"))]), json!({})),
        update(
            "twin-update-object-subproperty",
            json!([property("ObjectProperty", strings("StringSubProperty"))]),
            json!({"ObjectProperty": {"StringSubProperty": "x"}}),
        ),
        update(
            "twin-update-grinding-step",
            ["ChasisTemperature", "Force", "PowerUsage", "Vibration"]
                .map(|name| property(name, json!("double")))
                .into(),
            json!({}),
        ),
        update(
            "twin-update-sourcetime",
            json!([property("Temperature", json!("string"))]),
            json!({"Temperature": "20"}),
        ),
        update(
            "twin-update-sourcetime-only",
            json!([property("Temperature", json!("double"))]),
            json!({"Temperature": 20}),
        ),
        Update {
            other: part(json!([property("Temperature", json!("double"))])),
            ..update(
                "twin-update-sourcetime-component",
                json!([component("myComponent", "dtmi:example:Part;1")]),
                json!({"myComponent": {"Temperature": 20}}),
            )
        },
        Update {
            other: part(json!([property("mass", json!("double"))])),
            ..update(
                "twin-update-component-path",
                json!([component("mycomponentname", "dtmi:example:Part;1")]),
                json!({"mycomponentname": {"mass": 1}}),
            )
        },
        Update {
            other: part(json!([property("prop1", json!("integer"))])),
            ..update(
                "twin-update-component",
                json!([property("Temperature", json!("integer")), component("comp1", "dtmi:example:Part;1")]),
                json!({"Temperature": 1, "comp1": {}}),
            )
        },
    ]
}

#[tokio::test]
async fn updates_of_twins() {
    for Update { example, contents, before, other } in updates() {
        let mut instance = Instance::start().await;
        let graph = std::sync::Arc::clone(instance.twins.graph());
        let event = self::example(&format!("notifications/{example}.eventgrid"));
        let (id, payload) = (event["subject"].as_str().unwrap(), &event["data"]["data"]);
        let model = payload["modelId"].as_str().unwrap();
        graph.put_models(other.into_iter().chain([interface(model, contents)]).collect()).unwrap();
        let mut twin = before;
        twin["$metadata"] = json!({"$model": model});
        graph.put_twin(id, twin, Precondition::None).await.unwrap();
        forget(&mut instance, 1).await;
        graph.update_twin(id, payload["patch"].clone(), Precondition::None).await.unwrap();
        told(&mut instance, example).await;
    }
}

#[tokio::test]
async fn a_change_of_model_is_told_with_the_new_model() {
    let mut instance = Instance::start().await;
    let graph = std::sync::Arc::clone(instance.twins.graph());
    let temperature = json!([property("temperature", json!("double"))]);
    let models = vec![interface("dtmi:example:foo;1", json!([])), interface("dtmi:example:foo_new;1", temperature)];
    graph.put_models(models).unwrap();
    graph.put_twin("foo1", json!({"$metadata": {"$model": "dtmi:example:foo;1"}}), Precondition::None).await.unwrap();
    forget(&mut instance, 1).await;
    let patch = example("notifications/twin-update-model.eventgrid")["data"]["data"]["patch"].clone();
    graph.update_twin("foo1", patch, Precondition::None).await.unwrap();
    told(&mut instance, "twin-update-model").await;
}

#[tokio::test]
async fn relationships() {
    let mut instance = Instance::start().await;
    let graph = std::sync::Arc::clone(instance.twins.graph());
    let relationship = |name: &str, properties: &[&str]| {
        let properties: Vec<_> = properties.iter().map(|name| property(name, json!("string"))).collect();
        json!({"@type": "Relationship", "name": name, "properties": properties})
    };
    let contents = json!([
        relationship("Connected", &["connectionType"]),
        relationship("Contains", &["ownershipUser", "ownershipDepartment"]),
        relationship("edge", &["prop1"]),
    ]);
    graph.put_models(vec![interface(MODEL, contents)]).unwrap();
    for id in ["device1", "device2", "building1", "floor11", "example-twin1"] {
        graph.put_twin(id, json!({"$metadata": {"$model": MODEL}}), Precondition::None).await.unwrap();
    }
    forget(&mut instance, 5).await;

    let connected = json!({"$relationshipName": "Connected", "$targetId": "device2", "connectionType": "WIFI"});
    graph.put_relationship("device1", "device_to_device", connected, Precondition::None).await.unwrap();
    told(&mut instance, "relationship-create").await;
    graph.delete_relationship("device1", "device_to_device", Precondition::None).await.unwrap();
    told(&mut instance, "relationship-delete").await;

    let contains = json!({
        "$relationshipName": "Contains", "$targetId": "floor11", "ownershipUser": "user1",
        "ownershipDepartment": "Operations",
    });
    graph.put_relationship("building1", "building_to_floor", contains, Precondition::None).await.unwrap();
    told(&mut instance, "relationship-create-properties").await;

    let edge = json!({"$relationshipName": "edge", "$targetId": "device1", "prop1": "old value"});
    graph.put_relationship("example-twin1", "RuntimeEventsScenario_edge", edge, Precondition::None).await.unwrap();
    forget(&mut instance, 1).await;
    let patch = example("notifications/relationship-update.eventgrid")["data"]["data"]["patch"].clone();
    let id = "RuntimeEventsScenario_edge";
    graph.update_relationship("example-twin1", id, patch, Precondition::None).await.unwrap();
    told(&mut instance, "relationship-update").await;
}

#[tokio::test]
async fn telemetry() {
    let mut instance = Instance::start().await;
    let graph = std::sync::Arc::clone(instance.twins.graph());
    // In the published example the component follows the same model as the twin of the other example.
    let outer =
        interface("dtmi:examplecom:outer;1", json!([{"@type": "Component", "name": "component1", "schema": MODEL}]));
    graph.put_models(vec![interface(MODEL, json!([])), outer]).unwrap();
    let with_component = "RuntimeEventsScenario_componentTwin_6f6635d8-f1b8-43ec-80fb-bb9453fc611c";
    let twin = json!({"$metadata": {"$model": "dtmi:examplecom:outer;1"}, "component1": {}});
    graph.put_twin(with_component, twin, Precondition::None).await.unwrap();
    graph.put_twin("example-twin1", json!({"$metadata": {"$model": MODEL}}), Precondition::None).await.unwrap();
    forget(&mut instance, 2).await;

    let message = || {
        let id = "6f6635d8-f1b8-43ec-80fb-bb9453fc611c";
        Telemetry::new(id, json!({"prop": "hello from telemetry"}))
    };
    graph.send_telemetry("example-twin1", message()).await.unwrap();
    told(&mut instance, "telemetry").await;
    let from_component = Telemetry { component: Some("component1".to_owned()), ..message() };
    graph.send_telemetry(with_component, from_component).await.unwrap();
    told(&mut instance, "telemetry-component").await;
}

#[tokio::test]
async fn both_schemas_tell_of_one_change_with_one_id_and_one_trace() {
    let mut instance = Instance::with_models().await;
    instance.create_room("room1").await;
    let (event_grid, cloud) = (instance.next_event_grid_event().await, instance.next_cloud_event().await);
    assert_eq!(event_grid["id"], cloud["id"]);
    let parts = |parent: &Value| parent.as_str().unwrap().split('-').map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (parts(&event_grid["data"]["traceparent"]), parts(&cloud["traceparent"]));
    assert_eq!(one[1], other[1]);
    assert_ne!(one[2], other[2]);
}
