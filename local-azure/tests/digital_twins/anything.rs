//! Whatever is sent, the graph answers, and a change that it refuses is none.

use local_azure::digital_twins::{Graph, Precondition, QueryRequest, Telemetry};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{HOST, ROOM, models, room};

/// JSON out of the words that mean something to the service, so that it gets far.
fn anything() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "",
        "/",
        "~",
        "$metadata",
        "$model",
        "$dtId",
        "Temperature",
        "name",
        "tags",
        "place",
        "floor",
        "thermostat",
        "setPoint",
        "sourceTime",
        "@id",
        "@type",
        "@context",
        "contents",
        "schema",
        "Property",
        "Interface",
        ROOM,
        "dtmi:dtdl:context;2",
        "2021-11-30T18:47:53Z",
        "$targetId",
        "$relationshipName",
        "near",
        "room1",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

/// Operations that are nearly right.
fn operation() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "add", "replace", "remove", "move"]);
    let path = prop::collection::vec(
        prop::sample::select(vec![
            "$metadata",
            "$model",
            "$etag",
            "Temperature",
            "name",
            "tags",
            "a",
            "place",
            "floor",
            "thermostat",
            "setPoint",
            "sourceTime",
            "0",
            "-",
            "~1",
            "~",
        ]),
        0..4,
    );
    let value = prop_oneof![
        Just(json!({"a": "b"})),
        Just(json!("x")),
        Just(json!(1)),
        Just(json!({"$metadata": {}})),
        anything()
    ];
    (op, path, value).prop_map(|(op, names, value)| {
        let path: String = names.iter().flat_map(|name| ["/", name]).collect();
        json!({"op": op, "path": path, "value": value})
    })
}

fn graph() -> Graph {
    let graph = Graph::new(HOST, Vec::new()).unwrap();
    graph.put_models(models()).unwrap();
    graph
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn nothing_that_is_sent_makes_the_graph_panic(value in anything(), text in any::<String>()) {
        run(async {
            let graph = graph();
            let _ = graph.put_models(vec![value.clone()]);
            let mut twin = value.clone();
            if twin.is_object() {
                twin["$metadata"] = json!({"$model": ROOM});
            }
            let _ = graph.put_twin("t", twin, Precondition::None).await;
            graph.put_twin("room1", room(), Precondition::None).await.unwrap();
            let _ = graph.update_twin("room1", value.clone(), Precondition::None).await;
            let _ = graph.update_component("room1", "thermostat", value.clone(), Precondition::None).await;
            let _ = graph.put_relationship("room1", &text, value.clone(), Precondition::None).await;
            let _ = graph.send_telemetry("room1", Telemetry::new(text.clone(), value)).await;
            let query = QueryRequest { query: Some(text.clone()), continuation_token: Some(text) };
            let _ = graph.query(&query, 1);
        });
    }

    #[test]
    fn a_twin_is_valid_after_every_patch_and_the_same_after_one_that_is_refused(
        patches in prop::collection::vec(prop::collection::vec(operation(), 1..5), 1..10)
    ) {
        run(async {
            let graph = graph();
            graph.put_twin("room1", room(), Precondition::None).await.unwrap();
            for patch in patches {
                let before = graph.get_twin("room1").unwrap();
                let result = graph.update_twin("room1", patch.clone().into(), Precondition::None).await;
                let after = graph.get_twin("room1").unwrap();
                match result {
                    Err(_) => assert_eq!(after, before),
                    Ok(etag) => {
                        assert_eq!(after["$etag"], etag);
                        // The metadata is of the properties there are, and what is there can be put as it is.
                        for part in [&after, &after["thermostat"]] {
                            let is_property = |name: &&String| !name.starts_with('$') && *name != "thermostat";
                            let mut properties: Vec<_> = part.as_object().unwrap().keys().filter(is_property).collect();
                            let metadata = part["$metadata"].as_object().unwrap();
                            let mut described: Vec<_> = metadata.keys().filter(is_property).collect();
                            properties.sort_unstable();
                            described.sort_unstable();
                            assert_eq!(properties, described, "{patch:?}");
                        }
                        graph.put_twin("copy", after, Precondition::None).await.unwrap();
                    }
                }
            }
        });
    }
}
