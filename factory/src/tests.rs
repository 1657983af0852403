//! The factory is what its models say, at every size and after every change.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use json_patch::Patch;
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{Change, LAB, Relationship, Simulator, Twin, hierarchy::smallest_with, models, relationships, twins};

const SIZES: [usize; 6] = [LAB, LAB + 1, 60, 229, 1000, 5000];
const NOW: &str = "2026-07-01T12:00:00.0000000Z";
const MODELS: &str = "dtmi:com:microsoft:iot:e2e:digital_factory";

/// The ranges of the lab's simulator, and ours.
const RANGES: [(&str, RangeInclusive<f64>); 10] = [
    ("/FanSpeed", 10.0..=14.0),
    ("/ChasisTemperature", 200.0..=210.0),
    ("/PowerUsage", 60.0..=80.0),
    ("/Force", 300.0..=310.0),
    ("/Vibration", 80.0..=159.0),
    ("/RoastingTime", 30.0..=129.0),
    ("/GrindingTime", 20.0..=40.0),
    ("/CoolingTunnel/AirTemperature", 46.0..=54.0),
    ("/CoolingTunnel/BeltSpeed", 0.05..=0.15),
    ("/OperationStatus", 1.0..=2.0),
];

/// What the models say of twins: contents and schemas, with those of the models that they extend.
struct Models {
    contents: BTreeMap<String, Vec<Value>>,
    schemas: BTreeMap<String, Value>,
}

impl Models {
    fn read() -> Self {
        let mut read = Self { contents: BTreeMap::new(), schemas: BTreeMap::new() };
        for model in models() {
            let mut contents = model["contents"].as_array().unwrap().clone();
            if let Some(base) = model["extends"].as_str() {
                contents.extend(read.contents[base].clone());
            }
            assert!(read.contents.insert(text(&model["@id"]).to_owned(), contents).is_none());
            for schema in model["schemas"].as_array().into_iter().flatten() {
                read.schemas.insert(text(&schema["@id"]).to_owned(), schema.clone());
            }
        }
        read
    }

    fn named(&self, model: &str, of_type: &str, name: &str) -> Option<&Value> {
        self.contents[model].iter().find(|content| content["name"] == name && is(content, of_type))
    }

    /// Asserts that an object is what the model says: no member unknown or of the wrong type, none missing but `Alarm`.
    fn assert_instance(&self, model: &str, object: &Map<String, Value>) {
        for content in &self.contents[model] {
            let name = text(&content["name"]);
            let wanted = is(content, "Component") || (is(content, "Property") && name != "Alarm");
            assert!(!wanted || object.contains_key(name), "{model} without {name}: {object:?}");
        }
        for (name, value) in object.iter().filter(|(name, _)| *name != "$metadata") {
            if let Some(property) = self.named(model, "Property", name) {
                self.assert_value(&property["schema"], value);
            } else if let Some(component) = self.named(model, "Component", name) {
                assert_eq!(value["$metadata"], json!({}), "of the component {name}");
                self.assert_instance(text(&component["schema"]), value.as_object().unwrap());
            } else {
                panic!("{model} has no {name}");
            }
        }
    }

    fn assert_value(&self, schema: &Value, value: &Value) {
        let fits = match schema {
            Value::String(name) => match name.as_str() {
                "double" => value.is_number(),
                "integer" => value.is_i64(),
                "boolean" => value.is_boolean(),
                "string" => value.is_string(),
                "dateTime" => OffsetDateTime::parse(text(value), &Rfc3339).is_ok(),
                id => return self.assert_value(&self.schemas[id], value),
            },
            schema if is(schema, "Enum") => {
                schema["enumValues"].as_array().unwrap().iter().any(|known| known["enumValue"] == *value)
            }
            schema => {
                let fields = schema["fields"].as_array().unwrap();
                for field in fields {
                    self.assert_value(&field["schema"], &value[text(&field["name"])]);
                }
                value.as_object().unwrap().len() == fields.len()
            }
        };
        assert!(fits, "{value} is no {schema}");
    }
}

fn is(element: &Value, of_type: &str) -> bool {
    match &element["@type"] {
        Value::Array(types) => types.iter().any(|one| one == of_type),
        one => one == of_type,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn model(twin: &Value) -> &str {
    text(&twin["$metadata"]["$model"])
}

fn by_id(twins: Vec<Twin>) -> BTreeMap<String, Value> {
    twins.into_iter().map(|twin| (twin.id.to_string(), twin.body)).collect()
}

/// The changes of `rounds` rounds.
fn changes(count: usize, seed: u64, rounds: usize) -> Vec<Change> {
    let mut simulator = Simulator::new(count, seed);
    (0..rounds * simulator.steps()).map(|_| simulator.next(NOW)).collect()
}

#[test]
fn the_lab_has_its_own_twins_and_relationships() {
    let ids: Vec<_> = twins(0).into_iter().map(|twin| twin.id.to_string()).collect();
    let expected =
        ["ChocolateFactory", "FactoryFloor", "ProductionLine", "FanningStep", "GrindingStep", "MouldingStep"];
    assert_eq!(ids, expected);
    let ends: Vec<_> =
        relationships(LAB).into_iter().map(|found| (found.source.to_string(), found.id, found.body)).collect();
    let expected = [
        ("ChocolateFactory", "Factory has floors", "FactoryFloor", "rel_has_floors"),
        ("FactoryFloor", "Floor run production lines", "ProductionLine", "rel_runs_lines"),
        ("ProductionLine", "ProductionLine runs FanningStep", "FanningStep", "rel_runs_steps"),
        ("ProductionLine", "Floor run production lines", "GrindingStep", "rel_runs_steps"),
        ("ProductionLine", "ProductionLine runs MouldingStep", "MouldingStep", "rel_runs_steps"),
    ];
    assert_eq!(ends.len(), expected.len());
    for ((source, id, body), expected) in ends.iter().zip(expected) {
        assert_eq!(
            (source.as_str(), id.as_str(), text(&body["$targetId"]), text(&body["$relationshipName"])),
            expected
        );
    }
}

#[test]
fn a_factory_of_any_size_has_exactly_so_many_twins_and_is_a_tree() {
    for count in SIZES {
        let found = twins(count);
        let places: BTreeMap<_, _> = found.iter().enumerate().map(|(place, twin)| (&*twin.id, place)).collect();
        assert_eq!((found.len(), places.len()), (count, count), "twins, and different ones");
        let relationships = relationships(count);
        let targets: BTreeSet<_> = relationships.iter().map(|one| text(&one.body["$targetId"])).collect();
        assert_eq!((relationships.len(), targets.len()), (count - 1, count - 1), "each but the root has one parent");
        let ids: BTreeSet<_> = relationships.iter().map(|one| (&*one.source, &*one.id)).collect();
        assert_eq!(ids.len(), count - 1, "ids are unique at their source");
        for one in &relationships {
            assert!(places[&*one.source] < places[text(&one.body["$targetId"])], "{one:?}");
        }
    }
}

#[test]
fn an_id_tells_how_large_a_factory_must_be_to_have_it() {
    for (place, twin) in twins(5000).iter().enumerate() {
        assert_eq!(smallest_with(&twin.id).map(|count| count.max(LAB)), Some((place + 1).max(LAB)), "{}", twin.id);
    }
    let none = [
        "",
        "Lobby",
        "GrindingStep0001-01",
        "GrindingStep0002-01",
        "FactoryFloor0001",
        "FactoryFloor2",
        "7",
        "ProductionLine0001",
        "ProductionLine00002",
        "GrindingStep0002-2",
        "GrindingStep0002-22",
        "FactoryFloor0000",
    ];
    assert_eq!(none.map(smallest_with), [None; 12]);
}

#[test]
fn a_line_has_steps_and_a_floor_has_lines_as_many_as_told() {
    let mut children: BTreeMap<_, usize> = BTreeMap::new();
    for one in relationships(5000) {
        *children.entry(one.source.to_string()).or_default() += 1;
    }
    assert_eq!(children["ProductionLine0012"], 21);
    assert_eq!(children["FactoryFloor"], 10);
    assert_eq!(children["FactoryFloor0002"], 10);
    let ids = by_id(twins(5000));
    assert!(
        ["GrindingStep0002-02", "GrindingStep0012-05", "MouldingStep0012-21"].iter().all(|id| ids.contains_key(*id))
    );
}

#[test]
fn twins_and_relationships_are_what_their_models_say() {
    let models = Models::read();
    let twins = by_id(twins(1000));
    for twin in twins.values() {
        models.assert_instance(model(twin), twin.as_object().unwrap());
    }
    for Relationship { source, body, .. } in relationships(1000) {
        let content = models.named(model(&twins[&*source]), "Relationship", text(&body["$relationshipName"])).unwrap();
        let target = model(&twins[text(&body["$targetId"])]);
        assert!(content["target"].is_null() || content["target"] == target, "{source} to a {target}");
        for (name, value) in body.as_object().unwrap().iter().filter(|(name, _)| !name.starts_with('$')) {
            let properties = content["properties"].as_array().unwrap();
            models.assert_value(&properties.iter().find(|one| one["name"] == *name).unwrap()["schema"], value);
        }
    }
}

/// Applies every patch with the `json-patch` crate, in which what is removed or replaced must be there.
#[test]
fn a_patch_keeps_a_twin_what_its_model_says_and_in_range() {
    let models = Models::read();
    let ranges = BTreeMap::from(RANGES);
    let mut twins = by_id(twins(30));
    for change in changes(30, 7, 400) {
        let Change::Patch { twin, patch } = change else { continue };
        let operations = patch.as_array().unwrap();
        assert!((1..=5).contains(&operations.len()), "{patch}");
        let paths: BTreeSet<_> = operations.iter().map(|operation| text(&operation["path"])).collect();
        assert_eq!(paths.len(), operations.len(), "one operation a path: {patch}");
        let twin = twins.get_mut(&*twin).unwrap();
        let (metadata, others): (Vec<_>, Vec<_>) =
            operations.iter().partition(|operation| text(&operation["path"]).contains("$metadata"));
        for operation in &others {
            if let Some(range) = ranges.get(text(&operation["path"])) {
                assert!(range.contains(&operation["value"].as_f64().unwrap()), "{operation}");
            } else {
                assert_eq!(operation["path"], "/Alarm");
            }
        }
        for operation in metadata {
            let path = text(&operation["path"]).replace("/$metadata", "");
            assert!(paths.contains(path.strip_suffix("/sourceTime").unwrap()), "a time without its value: {patch}");
            assert_eq!((&operation["op"], &operation["value"]), (&json!("add"), &json!(NOW)));
        }
        json_patch::patch(twin, &serde_json::from_value::<Patch>(json!(others)).unwrap()).unwrap();
        models.assert_instance(model(twin), twin.as_object().unwrap());
    }
}

#[test]
fn telemetry_is_declared() {
    let models = Models::read();
    let twins = by_id(twins(LAB));
    let mut messages = 0;
    for change in changes(LAB, 1, 300) {
        let Change::Telemetry { twin, message } = change else { continue };
        for (name, value) in message.as_object().unwrap() {
            let telemetry = models.named(model(&twins[&*twin]), "Telemetry", name).unwrap();
            models.assert_value(&telemetry["schema"], value);
            messages += 1;
        }
    }
    assert!((5..60).contains(&messages), "{messages} messages in 300 rounds");
}

#[test]
fn each_step_reports_once_a_round() {
    let steps: BTreeSet<_> = twins(1000).into_iter().map(|twin| twin.id).filter(|id| id.contains("Step")).collect();
    let mut simulator = Simulator::new(1000, 3);
    assert_eq!(simulator.steps(), steps.len());
    for _ in 0..3 {
        let round = (0..simulator.steps()).map(|_| match simulator.next(NOW) {
            Change::Patch { twin, .. } | Change::Telemetry { twin, .. } => twin,
        });
        assert_eq!(round.collect::<BTreeSet<_>>(), steps);
    }
}

#[test]
fn the_seed_decides() {
    assert_eq!(changes(60, 1, 50), changes(60, 1, 50));
    assert_ne!(changes(60, 1, 50), changes(60, 2, 50));
}

/// In ten minutes of the lab, everything that a patch can hold is seen.
#[test]
fn there_is_something_to_see() {
    for seed in 0..20 {
        let mut seen = BTreeSet::new();
        let mut sizes = BTreeSet::new();
        for change in changes(LAB, seed, 300) {
            let Change::Patch { patch, .. } = change else { continue };
            sizes.insert(patch.as_array().unwrap().len());
            seen.extend(patch.as_array().unwrap().iter().map(|operation| {
                let path = text(&operation["path"]);
                let path = if path.contains("$metadata") { "$metadata" } else { path };
                (text(&operation["op"]).to_owned(), path.to_owned())
            }));
        }
        assert_eq!(sizes, BTreeSet::from([1, 2, 3, 4, 5]), "{seed}");
        let both = RANGES.iter().filter(|(path, _)| *path != "/OperationStatus");
        let both = both.flat_map(|(path, _)| [("add", *path), ("replace", *path)]);
        let others = [("replace", "/OperationStatus"), ("add", "/Alarm"), ("remove", "/Alarm"), ("add", "$metadata")];
        let expected = both.chain(others).map(|(op, path)| (op.to_owned(), path.to_owned())).collect();
        assert_eq!(seen, expected, "{seed}");
    }
}

/// A chart of it is a curve: it moves through most of the range, by little at a time.
#[test]
fn a_reading_is_a_curve() {
    let temperatures: Vec<_> = changes(LAB, 1, 600)
        .iter()
        .filter_map(|change| match change {
            Change::Patch { twin, patch } if &**twin == "FanningStep" => patch[0]["value"].as_f64(),
            _ => None,
        })
        .collect();
    assert_eq!(temperatures.len(), 600);
    let (low, high) =
        temperatures.iter().fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(*one), high.max(*one)));
    assert!(low < 202.0 && high > 208.0, "from {low} to {high}");
    let largest = temperatures.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    assert!(largest < 3.0, "a step of {largest}");
}

#[test]
fn what_is_ours_and_not_the_labs_says_so() {
    for model in models() {
        assert_eq!(model["@context"], "dtmi:dtdl:context;2");
        for content in model["contents"].as_array().unwrap() {
            let ours = ["Alarm", "ParticleSize", "CoolingTunnel"].contains(&text(&content["name"]));
            assert_eq!(ours, content["comment"].as_str().is_some_and(|text| text.starts_with("Not in the lab")));
        }
        let ours = !text(&model["@id"]).starts_with(MODELS);
        assert_eq!(ours, model["comment"] == "Not in the lab.");
    }
}
