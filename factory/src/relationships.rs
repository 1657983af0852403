//! The relationships of the factory, each as the body that creates it: together they are a tree.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::hierarchy::{Place, Role, hierarchy};

/// A relationship to create.
#[derive(Debug, Clone, PartialEq)]
pub struct Relationship {
    /// The twin at which it starts.
    pub source: Arc<str>,
    /// Its `$relationshipId`, which no other relationship of the source has. The lab's have spaces.
    pub id: String,
    /// What a PUT of `/digitaltwins/{source}/relationships/{id}` takes: `$targetId`, `$relationshipName`, and
    /// properties if it has any.
    pub body: Value,
}

/// The relationships of a factory of `count` twins: one less than [`twins`](crate::twins()) gives for the same `count`.
#[must_use]
pub fn relationships(count: usize) -> Vec<Relationship> {
    hierarchy(count).into_iter().filter_map(leading_to).collect()
}

fn leading_to(place: Place) -> Option<Relationship> {
    let source = place.parent?;
    let target = &*place.id;
    let (verb, body) = match place.role {
        Role::Factory => return None,
        Role::Floor { .. } => ("has", json!({"$targetId": target, "$relationshipName": "rel_has_floors"})),
        Role::Line { .. } => ("runs", json!({"$targetId": target, "$relationshipName": "rel_runs_lines"})),
        Role::Step(_) => ("runs", json!({"$targetId": target, "$relationshipName": "rel_runs_steps", "active": 2})),
    };
    let id = match target {
        "FactoryFloor" => "Factory has floors".to_owned(),
        // The lab does call both of them so.
        "ProductionLine" | "GrindingStep" => "Floor run production lines".to_owned(),
        _ => format!("{source} {verb} {target}"),
    };
    Some(Relationship { source, id, body })
}
