//! What the stand-in for Azure Digital Twins tells is what the bridge reads: all kinds of notifications, in both schemas.

use local_azure::{
    digital_twins::{Destination, Endpoint, EventRoute, Graph, Precondition, Telemetry},
    event_grid::Schema,
};
use serde_json::{Value, json, value::RawValue};
use tokio::sync::mpsc;
use twin_records::{Entity, Event, ObjectValues, Occurrence, event::read, flatten::Change};

const HOST: &str = "factory.api.weu.digitaltwins.azure.net";
const STEP: &str = "dtmi:example:Step;1";
const MOTOR: &str = "dtmi:example:Motor;1";

/// A graph that tells all in that schema, and what it told.
fn graph(schema: Schema) -> (Graph, mpsc::Receiver<Value>) {
    let (events, told) = mpsc::channel(100);
    let destination = Destination::EventGrid { schema, events };
    let graph = Graph::new(HOST, vec![Endpoint { name: "bridge".to_owned(), destination }]).unwrap();
    let (id, endpoint_name, filter) = ("all".to_owned(), "bridge".to_owned(), "true".to_owned());
    graph.put_event_route(EventRoute { id, endpoint_name, filter }).unwrap();
    let interface = |id: &str, contents: &[Value]| json!({"@id": id, "@type": "Interface", "@context": "dtmi:dtdl:context;2", "contents": contents});
    let property = json!({"@type": "Property", "name": "Force", "schema": "double"});
    let feeds = json!({"@type": "Relationship", "name": "feeds", "properties": [property]});
    let motor = json!({"@type": "Component", "name": "motor", "schema": MOTOR});
    let models = vec![interface(MOTOR, std::slice::from_ref(&property)), interface(STEP, &[property, feeds, motor])];
    graph.put_models(models).unwrap();
    (graph, told)
}

/// One change of each kind, and telemetry of a twin and of a component.
async fn change(graph: &Graph) {
    let always = || Precondition::None;
    let step = || json!({"$metadata": {"$model": STEP}, "Force": 300.5, "motor": {"Force": 1}});
    let patch = || json!([{"op": "replace", "path": "/Force", "value": 301}]);
    let feeds = json!({"$relationshipName": "feeds", "$targetId": "Étape 2", "Force": 3});
    graph.put_twin("Étape 1", step(), always()).await.unwrap();
    graph.put_twin("Étape 2", step(), always()).await.unwrap();
    graph.update_twin("Étape 1", patch(), always()).await.unwrap();
    graph.put_relationship("Étape 1", "a to b", feeds, always()).await.unwrap();
    graph.update_relationship("Étape 1", "a to b", patch(), always()).await.unwrap();
    let telemetry = Telemetry::new("m-1", json!({"noise": 40}));
    graph.send_telemetry("Étape 1", telemetry.clone()).await.unwrap();
    let of_motor = Telemetry { component: Some("motor".to_owned()), ..telemetry };
    graph.send_telemetry("Étape 1", of_motor).await.unwrap();
    graph.delete_relationship("Étape 1", "a to b", always()).await.unwrap();
    graph.delete_twin("Étape 1", always()).await.unwrap();
}

/// What the bridge reads, in a line each.
async fn read_by_the_bridge(schema: Schema) -> Vec<String> {
    let (graph, mut told) = graph(schema);
    change(&graph).await;
    let mut lines = Vec::new();
    while let Ok(event) = told.try_recv() {
        let event = RawValue::from_string(event.to_string()).unwrap();
        let notification = match read(&event) {
            Ok(Event::Notification(notification)) => notification,
            other => panic!("{event}: {other:?}"),
        };
        let cloud_event = schema == Schema::CloudEvents;
        let is_telemetry = matches!(notification.occurrence, Occurrence::Telemetry { .. });
        assert_eq!(notification.service_id.as_deref(), cloud_event.then_some(HOST), "{event}");
        assert_eq!(notification.time.is_none(), is_telemetry, "{event}");
        assert!(notification.traceparent.is_some() && !notification.id.is_empty(), "{event}");
        let what = match &notification.occurrence {
            Occurrence::Created { .. } => "created".to_owned(),
            Occurrence::Updated { patch } => {
                let changes = patch.changes(ObjectValues::Keep).unwrap();
                let seen =
                    changes.iter().map(|Change { key, value, .. }| format!(" {key} to {}", value.as_ref().unwrap()));
                format!("updated{}", seen.collect::<String>())
            }
            Occurrence::Deleted => "deleted".to_owned(),
            Occurrence::Telemetry { component, payload } => format!("sent {payload} from {component:?}"),
        };
        let who = match &notification.entity {
            Entity::Twin { id } => id.to_string(),
            Entity::Relationship { id, source, target, name } => format!("{source} -{id}- {target:?} {name:?}"),
        };
        lines.push(format!("{who} ({}) {what}", notification.model_id.as_deref().unwrap_or("no model")));
    }
    lines
}

#[tokio::test]
async fn the_bridge_reads_every_kind_of_notification_in_both_schemas() {
    let patch = "updated Force to 301";
    let expected = |component: &str, motor: &str| {
        [
            format!("Étape 1 ({STEP}) created"),
            format!("Étape 2 ({STEP}) created"),
            format!("Étape 1 ({STEP}) {patch}"),
            r#"Étape 1 -a to b- Some("Étape 2") Some("feeds") (no model) created"#.to_owned(),
            format!("Étape 1 -a to b- None None ({STEP}) {patch}"),
            format!(r#"Étape 1 ({STEP}) sent {{"noise":40}} from []"#),
            format!(r#"Étape 1 ({motor}) sent {{"noise":40}} from {component}"#),
            r#"Étape 1 -a to b- Some("Étape 2") Some("feeds") (no model) deleted"#.to_owned(),
            format!("Étape 1 ({STEP}) deleted"),
        ]
    };
    assert_eq!(read_by_the_bridge(Schema::CloudEvents).await, expected(r#"["motor"]"#, MOTOR));
    // The Event Grid schema has no place for the component.
    assert_eq!(read_by_the_bridge(Schema::EventGrid).await, expected("[]", MOTOR));
}
