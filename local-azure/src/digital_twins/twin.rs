//! A twin: made from what a client sends, and patched.
//!
//! A twin is kept as the JSON document that the API shows: `$dtId`, `$etag`, properties, components with a `$metadata` of
//! their own, and `$metadata` with the model and the time of each property.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    contents::{LAST_UPDATE_TIME, METADATA, contents, metadata_last},
    error::Error,
    etag,
    interface::Shape,
    models::{self, Models},
    patch::{Patch, not_applicable},
    update::{Touched, Update, new_model},
};

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
        document.insert("$etag".to_owned(), json!(etag::new()));
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
        twin.document["$etag"] = json!(etag::new());
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
