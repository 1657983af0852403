//! The models that twins can have, by their ids.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    error::Error,
    interface::{self, Interface, Shape},
};

/// How long a chain of models may be in which each needs the next: DTDL has 10 levels of `extends` and one of components.
const MAX_CHAIN: usize = 16;

/// All models.
#[derive(Debug, Default)]
pub(super) struct Models {
    models: BTreeMap<String, Model>,
    shapes: HashMap<String, Arc<Shape>>,
}

#[derive(Debug)]
struct Model {
    definition: Value,
    interface: Interface,
    upload_time: String,
    decommissioned: bool,
}

impl Models {
    /// Adds all of them or none, and says what was added.
    pub(super) fn put(&mut self, definitions: Vec<Value>, now: &str) -> Result<Vec<Value>, Error> {
        let mut added = BTreeMap::new();
        let mut order = Vec::new();
        for definition in definitions {
            if !interface::has_known_version(&definition) {
                return Err(Error::ModelVersionNotSupported(definition["@id"].to_string()));
            }
            let interface = Interface::parse(&definition).map_err(Error::DtdlParserError)?;
            let id = definition["@id"].as_str().unwrap_or_default().to_owned();
            order.push(id.clone());
            let model = Model { definition, interface, upload_time: now.to_owned(), decommissioned: false };
            if added.insert(id.clone(), model).is_some() {
                return Err(Error::DtdlParserError(format!("{id} is there twice.")));
            }
        }
        let existing: Vec<_> = order.iter().filter(|id| self.models.contains_key(*id)).map(String::as_str).collect();
        if !existing.is_empty() {
            return Err(Error::ModelIdAlreadyExists(existing.join(", ")));
        }
        // Shapes are cheap to share and expensive to make, so those that exist are taken over.
        let mut shapes = self.shapes.clone();
        for id in &order {
            resolve(id, &added, &mut shapes, 0).map_err(Error::DtdlParserError)?;
        }
        self.shapes = shapes;
        self.models.append(&mut added);
        Ok(order.iter().filter_map(|id| self.get(id, false).ok()).collect())
    }

    /// What twins of that model look like.
    pub(super) fn shape(&self, model: &str) -> Option<&Arc<Shape>> {
        self.shapes.get(model)
    }

    /// The same for a twin that is to be created or to change its model.
    pub(super) fn shape_for_new(&self, model: &str) -> Result<&Arc<Shape>, Error> {
        let decommissioned = self.models.get(model).is_some_and(|model| model.decommissioned);
        if decommissioned {
            return Err(Error::ModelDecommissioned(model.to_owned()));
        }
        self.shape(model).ok_or_else(|| missing(model))
    }

    /// A model as the API shows it.
    pub(super) fn get(&self, id: &str, with_definition: bool) -> Result<Value, Error> {
        let model = self.models.get(id).ok_or_else(|| Error::ModelNotFound(id.to_owned()))?;
        let mut shown = json!({
            "id": id,
            "description": localized(&model.definition["description"]),
            "displayName": localized(&model.definition["displayName"]),
            "decommissioned": model.decommissioned,
            "uploadTime": model.upload_time,
        });
        if with_definition {
            shown["model"] = model.definition.clone();
        }
        Ok(shown)
    }

    /// The ids of all models, or of those given and what they need.
    pub(super) fn ids(&self, dependencies_for: &[String]) -> Result<Vec<String>, Error> {
        if dependencies_for.is_empty() {
            return Ok(self.models.keys().cloned().collect());
        }
        let mut ids: Vec<String> = Vec::new();
        let mut waiting: Vec<&String> = dependencies_for.iter().collect();
        while let Some(id) = waiting.pop() {
            let model = self.models.get(id).ok_or_else(|| Error::ModelNotFound(id.clone()))?;
            if !ids.contains(id) {
                ids.push(id.clone());
                waiting.extend(model.interface.dependencies());
            }
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// Removes a model that no other model needs. Twins of it stay, and can't be changed any more.
    pub(super) fn delete(&mut self, id: &str) -> Result<(), Error> {
        if !self.models.contains_key(id) {
            return Err(Error::ModelNotFound(id.to_owned()));
        }
        let needs = |model: &Model| model.interface.dependencies().any(|dependency| dependency == id);
        if let Some((user, _)) = self.models.iter().find(|(_, model)| needs(model)) {
            return Err(Error::ModelReferencesNotDeleted(user.clone()));
        }
        self.models.remove(id);
        self.shapes.remove(id);
        Ok(())
    }

    /// Says whether new twins may have this model.
    pub(super) fn set_decommissioned(&mut self, id: &str, decommissioned: bool) -> Result<(), Error> {
        let model = self.models.get_mut(id).ok_or_else(|| Error::ModelNotFound(id.to_owned()))?;
        model.decommissioned = decommissioned;
        Ok(())
    }
}

pub(super) fn missing(model: &str) -> Error {
    Error::twin_invalid([format!("{model} or one of its dependencies does not exist.")])
}

/// Makes the shape of a model, those of its dependencies first.
fn resolve(
    id: &str,
    added: &BTreeMap<String, Model>,
    shapes: &mut HashMap<String, Arc<Shape>>,
    chain: usize,
) -> Result<(), String> {
    if shapes.contains_key(id) {
        return Ok(());
    }
    if chain > MAX_CHAIN {
        return Err(format!("{id} is at the end of a chain of more than {MAX_CHAIN} models, or of a circle."));
    }
    let model = added.get(id).ok_or_else(|| format!("{id} is referred to and does not exist."))?;
    for dependency in model.interface.dependencies() {
        resolve(dependency, added, shapes, chain + 1)?;
    }
    shapes.insert(id.to_owned(), Arc::new(model.interface.shape(id, shapes)));
    Ok(())
}

/// A text for each language; a bare text is English.
fn localized(text: &Value) -> Value {
    match text {
        Value::String(text) => json!({ "en": text }),
        Value::Object(_) => text.clone(),
        _ => Value::Object(Map::new()),
    }
}
