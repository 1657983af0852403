//! A patch of a twin, checked against its model and taken apart: what is done to properties, and what to their metadata.

use json_patch::PatchOperation;
use serde_json::Value;

use super::{
    contents::{METADATA, contents, is_time},
    error::Error,
    interface::Shape,
    patch::{Operation, OperationKind, Patch},
};

/// Where a property is.
#[derive(Debug)]
pub(super) struct Touched {
    pub(super) components: Vec<String>,
    pub(super) property: String,
}

/// A patch, split into what is done to properties and what is done to their metadata.
#[derive(Debug, Default)]
pub(super) struct Update<'a> {
    now: &'a str,
    changes_model: bool,
    /// What is done to properties.
    pub(super) operations: Vec<PatchOperation>,
    /// The properties to which it is done.
    pub(super) touched: Vec<Touched>,
    /// The properties that get or lose a source time.
    pub(super) source_times: Vec<(Touched, Option<Value>)>,
    problems: Vec<String>,
}

impl<'a> Update<'a> {
    /// Reads a patch of a twin that has this shape, or will have it if the patch changes the model.
    pub(super) fn new(patch: &Patch, shape: &Shape, changes_model: bool, now: &'a str) -> Result<Self, Error> {
        let mut update = Self { now, changes_model, ..Self::default() };
        for operation in patch.0.iter().filter(|operation| !is_of_model(operation)) {
            update.add(shape, operation, 0)?;
        }
        if update.problems.is_empty() { Ok(update) } else { Err(Error::twin_invalid(update.problems)) }
    }

    /// `shape` is that of the twin, or of the component that the first `depth` names of the path lead to.
    fn add(&mut self, shape: &Shape, operation: &Operation, depth: usize) -> Result<(), Error> {
        let touched =
            |property: &String| Touched { components: operation.names[..depth].to_vec(), property: property.clone() };
        match &operation.names[depth..] {
            [metadata, property, name] if metadata == METADATA && name == "sourceTime" => {
                if !shape.properties.contains_key(property) {
                    self.problems.push(format!("{} names no property of {}.", operation.path, shape.model));
                } else if let Some(time) = operation.value().filter(|time| !is_time(time)) {
                    self.problems.push(format!("{}: {time} is no RFC 3339 time.", operation.path));
                } else {
                    self.source_times.push((touched(property), operation.value().cloned()));
                }
            }
            [name, ..] if name.starts_with('$') => {
                return Err(Error::JsonPatchInvalid(format!("The path {} can't be patched.", operation.path)));
            }
            [property, rest @ ..] => {
                if let Some(schema) = shape.properties.get(property) {
                    match schema.at(rest) {
                        Some(schema) => self.problems.extend(
                            operation.value().and_then(|value| schema.check(operation.path.as_str(), value).err()),
                        ),
                        None => self.problems.push(format!("{} is no place in {}.", operation.path, shape.model)),
                    }
                    self.touched.push(touched(property));
                    self.operations.push(operation.to_json_patch(None));
                } else if let Some(component) = shape.components.get(property) {
                    if !rest.is_empty() {
                        return self.add(component, operation, depth + 1);
                    }
                    self.replace_component(component, operation);
                } else if self.changes_model && matches!(operation.kind, OperationKind::Remove) {
                    // What only the old model has must go.
                    self.touched.push(touched(property));
                    self.operations.push(operation.to_json_patch(None));
                } else {
                    self.problems.push(format!("{} is not in {}.", operation.path, shape.model));
                }
            }
            [] => return Err(Error::JsonPatchInvalid("A path is empty.".to_owned())),
        }
        Ok(())
    }

    fn replace_component(&mut self, shape: &Shape, operation: &Operation) {
        match operation.value() {
            Some(Value::Object(value)) => {
                let place = operation.path.as_str();
                let component = contents(shape, value.clone(), self.now, place, &mut self.problems);
                self.operations.push(operation.to_json_patch(Some(Value::Object(component))));
            }
            Some(_) => self.problems.push(format!("{} is a component and must be an object.", operation.path)),
            None => self.problems.push(format!("{} is a component, which can't be removed.", operation.path)),
        }
    }
}

/// The model that the patch gives the twin, if it does.
pub(super) fn new_model(patch: &Patch) -> Result<Option<&str>, Error> {
    let Some(operation) = patch.0.iter().rfind(|operation| is_of_model(operation)) else { return Ok(None) };
    let model = operation.value().and_then(Value::as_str);
    model.map(Some).ok_or_else(|| Error::twin_invalid(["$metadata/$model must name a model.".to_owned()]))
}

fn is_of_model(operation: &Operation) -> bool {
    operation.names.iter().map(String::as_str).eq([METADATA, "$model"])
}
