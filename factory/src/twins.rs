//! The twins of the factory, each as the body that creates it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    hierarchy::{Place, Role, hierarchy},
    step::Step,
};

/// A twin to create.
#[derive(Debug, Clone, PartialEq)]
pub struct Twin {
    /// Its `$dtId`.
    pub id: Arc<str>,
    /// What a PUT of `/digitaltwins/{id}` takes: `$metadata` with `$model`, and a value for every property that is not
    /// `Alarm`.
    pub body: Value,
}

/// The twins of a factory of `count`, or the six of the lab ([`LAB`](crate::LAB)) if that is more.
///
/// The lab's come first. Each comes after the one that runs it.
#[must_use]
pub fn twins(count: usize) -> Vec<Twin> {
    hierarchy(count).into_iter().map(|place| Twin { body: body(&place), id: place.id }).collect()
}

fn body(place: &Place) -> Value {
    match place.role {
        Role::Factory => json!({
            "$metadata": metadata("chocolate_factory;1"),
            "FactoryId": *place.id,
            "FactoryName": "Chocolate Factory",
            "Country": "US",
            "ZipCode": "98052",
            "GeoLocation": {"Latitude": 47.6423, "Longitude": -122.1391},
            "Tags": "chocolate",
        }),
        Role::Floor { number } => json!({
            "$metadata": metadata("floor;1"),
            "FloorId": *place.id,
            "FloorName": format!("Floor {number}"),
            "Temperature": 71.5,
            "ComfortIndex": 0.8,
        }),
        Role::Line { number } => json!({
            "$metadata": metadata("production_line;1"),
            "LineId": *place.id,
            "LineName": format!("Line {number}"),
            "CurrentProductId": "DarkChocolate70",
            "ProductBatchNumber": 1000 + number,
            "LineOperationStatus": 2,
        }),
        Role::Step(step) => of_step(place, step),
    }
}

/// Every reading starts in the middle of its range.
fn of_step(place: &Place, step: Step) -> Value {
    let mut body = json!({
        "$metadata": metadata(step.model()),
        "StepId": *place.id,
        "StepName": step.name(),
        "StartTime": "2026-01-05T06:00:00Z",
        "FinalStep": step == Step::Moulding,
        "OperationStatus": 2,
    });
    if step == Step::Moulding {
        body["CoolingTunnel"] = json!({"$metadata": {}});
    }
    for reading in step.readings() {
        let (owner, name) = reading.owner_and_name();
        if let Some(owner) = body.pointer_mut(owner) {
            owner[name] = reading.at(0.0);
        }
    }
    body
}

fn metadata(model: &str) -> Value {
    json!({"$model": format!("dtmi:com:microsoft:iot:e2e:digital_factory:{model}")})
}
