//! A twin: made from what a client sends, and patched.
//!
//! A twin is kept as the JSON document that the API shows: `$dtId`, `$etag`, properties, components with a `$metadata` of
//! their own, and `$metadata` with the model and the time of each property.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    error::Error,
    interface::Shape,
    models::{self, Models},
    patch::{Patch, not_applicable},
    timestamp,
    update::{Touched, Update, new_model},
};

pub(super) const METADATA: &str = "$metadata";
const LAST_UPDATE_TIME: &str = "$lastUpdateTime";

/// A twin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Twin {
    document: Value,
}

impl Twin {
    /// Makes a twin from the body of a request.
    pub(super) fn new(id: &str, body: Value, models: &Models, now: &str) -> Result<Self, Error> {
        let Value::Object(body) = body else {
            return Err(Error::InvalidArgument("The twin is no JSON object.".to_owned()));
        };
        let model = body.get(METADATA).and_then(|metadata| metadata.get("$model")).and_then(Value::as_str);
        let model = model.ok_or_else(|| Error::twin_invalid(["$metadata/$model must name the model.".to_owned()]))?;
        let shape = Arc::clone(models.shape_for_new(model)?);
        let mut problems = Vec::new();
        let contents = contents(&shape, body, now, "", &mut problems);
        if !problems.is_empty() {
            return Err(Error::twin_invalid(problems));
        }
        let mut document = Map::new();
        document.insert("$dtId".to_owned(), json!(id));
        document.insert("$etag".to_owned(), json!(new_etag()));
        document.extend(contents);
        let mut twin = Self { document: Value::Object(document) };
        twin.set_model(&shape.model);
        Ok(twin)
    }

    pub(super) fn etag(&self) -> &str {
        self.document["$etag"].as_str().unwrap_or_default()
    }

    pub(super) fn model(&self) -> &str {
        self.document[METADATA]["$model"].as_str().unwrap_or_default()
    }

    /// The twin as the API shows it, `$metadata` at the end.
    pub(super) fn shown(&self) -> Value {
        metadata_last(self.document.clone())
    }

    /// A component as the API shows it.
    pub(super) fn component(&self, name: &str) -> Option<Value> {
        // A component has metadata of its own, an object property has none.
        let component = self.document.get(name).filter(|_| !name.starts_with('$'))?;
        component.get(METADATA)?;
        Some(metadata_last(component.clone()))
    }

    /// The twin after a patch: all of it or an error.
    pub(super) fn patched(&self, patch: &Patch, models: &Models, now: &str) -> Result<Self, Error> {
        let model = new_model(patch)?;
        let shape = match model {
            Some(model) => Arc::clone(models.shape_for_new(model)?),
            None => models.shape(self.model()).cloned().ok_or_else(|| models::missing(self.model()))?,
        };
        let update = Update::new(patch, &shape, model.is_some(), now)?;
        let mut twin = self.clone();
        // Not atomic, which it need not be: a copy that is half patched is thrown away.
        json_patch::patch_unsafe(&mut twin.document, &update.operations).map_err(|error| not_applicable(&error))?;
        for touched in &update.touched {
            twin.stamp(touched, now);
        }
        for (touched, source_time) in &update.source_times {
            twin.set_source_time(touched, source_time.as_ref())?;
        }
        if model.is_some() {
            twin.set_model(&shape.model);
            twin.check(&shape)?;
        }
        twin.document[METADATA][LAST_UPDATE_TIME] = json!(now);
        twin.document["$etag"] = json!(new_etag());
        Ok(twin)
    }

    fn set_model(&mut self, model: &str) {
        if let Some(metadata) = self.document[METADATA].as_object_mut() {
            metadata.shift_insert(0, "$model".to_owned(), json!(model));
        }
    }

    /// The twin itself, or the component in which the property is.
    fn owner(&mut self, touched: &Touched) -> Option<&mut Map<String, Value>> {
        let owner = touched.components.iter().try_fold(&mut self.document, |value, name| value.get_mut(name))?;
        owner.as_object_mut()
    }

    /// Notes that a property was changed, or forgets it if it is gone.
    fn stamp(&mut self, touched: &Touched, now: &str) {
        let Some(owner) = self.owner(touched) else { return };
        let present = owner.contains_key(&touched.property);
        let Some(metadata) = owner.get_mut(METADATA).and_then(Value::as_object_mut) else { return };
        metadata.insert(LAST_UPDATE_TIME.to_owned(), json!(now));
        if present {
            let entry = metadata.entry(touched.property.clone()).or_insert_with(|| json!({}));
            entry["lastUpdateTime"] = json!(now);
        } else {
            metadata.shift_remove(&touched.property);
        }
    }

    fn set_source_time(&mut self, touched: &Touched, source_time: Option<&Value>) -> Result<(), Error> {
        let entry = self.owner(touched).and_then(|owner| owner.get_mut(METADATA)?.get_mut(&touched.property));
        let Some(Value::Object(entry)) = entry else {
            let property = &touched.property;
            return Err(Error::JsonPatchInvalid(format!("{property} has no value, so it can't have a sourceTime.")));
        };
        match source_time {
            Some(time) => entry.insert("sourceTime".to_owned(), time.clone()),
            None => entry.shift_remove("sourceTime"),
        };
        Ok(())
    }

    /// Checks the whole twin against a model that it was not made for.
    fn check(&self, shape: &Shape) -> Result<(), Error> {
        let members = self.document.as_object().cloned().unwrap_or_default();
        let mut problems = Vec::new();
        contents(shape, members, "", "", &mut problems);
        if problems.is_empty() { Ok(()) } else { Err(Error::twin_invalid(problems)) }
    }
}

/// The members of a twin or component: what is given, checked, and the metadata that goes with it.
///
/// Members whose name starts with `$` are the service's own and not taken over, but for each property's `sourceTime`.
pub(super) fn contents(
    shape: &Shape,
    mut given: Map<String, Value>,
    now: &str,
    place: &str,
    problems: &mut Vec<String>,
) -> Map<String, Value> {
    let given_metadata = given.shift_remove(METADATA).unwrap_or_default();
    let mut contents = Map::new();
    let mut metadata = Map::new();
    metadata.insert(LAST_UPDATE_TIME.to_owned(), json!(now));
    for name in shape.components.keys().filter(|name| !given.contains_key(*name)) {
        problems
            .push(format!("{place}/{name} is missing: a component must be there, if only as {{\"$metadata\":{{}}}}."));
    }
    for (name, value) in given {
        let place = format!("{place}/{name}");
        if name.starts_with('$') {
            continue;
        }
        if let Some(schema) = shape.properties.get(&name) {
            problems.extend(schema.check(&place, &value).err());
            let mut entry = json!({ "lastUpdateTime": now });
            let source_time = given_metadata.get(&name).and_then(|entry| entry.get("sourceTime"));
            if let Some(time) = source_time.filter(|time| !time.is_null()) {
                if !is_time(time) {
                    problems.push(format!("The sourceTime of {place} is no RFC 3339 time."));
                }
                entry["sourceTime"] = time.clone();
            }
            metadata.insert(name.clone(), entry);
            contents.insert(name, value);
        } else if let Some(component) = shape.components.get(&name) {
            match value {
                Value::Object(value) => {
                    let component = self::contents(component, value, now, &place, problems);
                    contents.insert(name, Value::Object(component));
                }
                _ => problems.push(format!("{place} is a component and must be an object.")),
            }
        } else {
            problems.push(format!("{place} is not in {}.", shape.model));
        }
    }
    contents.insert(METADATA.to_owned(), Value::Object(metadata));
    contents
}

fn metadata_last(mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut()
        && let Some(metadata) = members.shift_remove(METADATA)
    {
        for component in members.values_mut().filter(|value| value.get(METADATA).is_some()) {
            *component = metadata_last(component.take());
        }
        members.insert(METADATA.to_owned(), metadata);
    }
    document
}

/// The same twin or component without `$lastUpdateTime`, which API version 2020-10-31 and notifications don't have.
pub(super) fn without_last_update_time(mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut() {
        if let Some(metadata) = members.get_mut(METADATA).and_then(Value::as_object_mut) {
            metadata.shift_remove(LAST_UPDATE_TIME);
        }
        for component in members.values_mut().filter(|value| value.get(METADATA).is_some()) {
            *component = without_last_update_time(component.take());
        }
    }
    document
}

pub(super) fn is_time(time: &Value) -> bool {
    time.as_str().is_some_and(timestamp::is_valid)
}

pub(super) fn new_etag() -> String {
    format!("W/\"{}\"", Uuid::new_v4())
}
