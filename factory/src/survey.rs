//! What there is of a factory in an instance. Nothing is changed before this is known.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use serde_json::Value;

use crate::{
    error::Error,
    instance::Instance,
    models::models,
    relationships::{Relationship, relationships},
    twins::{Twin, twins},
};

/// How many requests are under way at a time. An instance answers 1,000 reads a second, and 500 creations:
/// <https://learn.microsoft.com/azure/digital-twins/reference-service-limits>.
pub(crate) const AT_ONCE: usize = 32;

/// What an instance has under an id of the factory.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    Nothing,
    /// What the factory has there: the same model, a twin of the same model, or a relationship of the same name to the
    /// same twin. Values may differ.
    Same,
    /// Something else, and what.
    Other(String),
}

/// A factory, piece by piece, and what an instance has in the place of each.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) models: Vec<(Value, Found)>,
    /// The instance's models that are not under ids of the factory.
    pub(crate) foreign_models: Vec<Value>,
    pub(crate) twins: Vec<(Twin, Found)>,
    pub(crate) relationships: Vec<(Relationship, Found)>,
}

impl Survey {
    /// Looks for a factory of `count` twins.
    pub(crate) async fn of(instance: &Instance, count: usize, progress: &ProgressBar) -> Result<Self, Error> {
        let mut foreign_models = instance.models().await?;
        // Every twin has a model.
        let is_new = foreign_models.is_empty();
        let models = models().into_iter().map(|model| {
            let found = foreign_models.iter().position(|found| found["@id"] == model["@id"]);
            let found = match found.map(|index| foreign_models.swap_remove(index)) {
                None => Found::Nothing,
                Some(found) if found == model => Found::Same,
                Some(_) => Found::Other("another definition".to_owned()),
            };
            (model, found)
        });
        let models = models.collect();

        let twins = twins(count);
        progress.inc_length(twins.len() as u64);
        let twins = stream::iter(twins).map(|twin| async {
            let found = if is_new { None } else { instance.twin(&twin.id).await? };
            progress.inc(1);
            let found = found.map_or(Found::Nothing, |found| compare_twins(&twin, &found));
            Ok::<_, Error>((twin, found))
        });
        let twins: Vec<_> = twins.buffered(AT_ONCE).try_collect().await?;

        let sources = twins.iter().filter(|(_, found)| *found != Found::Nothing).map(|(twin, _)| Arc::clone(&twin.id));
        let sources: HashSet<_> = sources.collect();
        let relationships = relationships(count);
        progress.inc_length(relationships.len() as u64);
        let relationships = stream::iter(relationships).map(|one| async {
            let is_possible = sources.contains(&one.source);
            let found = if is_possible { instance.relationship(&one.source, &one.id).await? } else { None };
            progress.inc(1);
            let found = found.map_or(Found::Nothing, |found| compare_relationships(&one, &found));
            Ok::<_, Error>((one, found))
        });
        let relationships = relationships.buffered(AT_ONCE).try_collect().await?;
        Ok(Self { models, foreign_models, twins, relationships })
    }
}

fn compare_twins(ours: &Twin, found: &Value) -> Found {
    let [wanted, model] = [&ours.body, found].map(|twin| &twin["$metadata"]["$model"]);
    if wanted == model { Found::Same } else { Found::Other(format!("the model {}", text(model))) }
}

fn compare_relationships(ours: &Relationship, found: &Value) -> Found {
    if ["$targetId", "$relationshipName"].iter().all(|name| ours.body[name] == found[name]) {
        return Found::Same;
    }
    Found::Other(format!("the name {} and leads to {}", text(&found["$relationshipName"]), text(&found["$targetId"])))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

/// Relationships in an order in which those of one source are far apart: an instance takes ten changes a second of a twin
/// and its relationships.
pub(crate) fn apart<T>(mut relationships: Vec<T>, source: impl Fn(&T) -> &Arc<str>) -> Vec<T> {
    let mut turns: HashMap<Arc<str>, usize> = HashMap::new();
    relationships.sort_by_cached_key(|one| {
        let turn = turns.entry(Arc::clone(source(one))).or_default();
        *turn += 1;
        *turn
    });
    relationships
}

/// Whether a model needs another, or may: whether it names it anywhere.
pub(crate) fn names(model: &Value, id: &str) -> bool {
    match model {
        Value::String(text) => text == id,
        Value::Array(values) => values.iter().any(|value| names(value, id)),
        Value::Object(members) => members.values().any(|value| names(value, id)),
        _ => false,
    }
}

/// The `@id` of a model.
pub(crate) fn id(model: &Value) -> &str {
    model["@id"].as_str().unwrap_or_default()
}
