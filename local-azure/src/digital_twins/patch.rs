//! Patches as the service takes them: JSON Patch (RFC 6902) with `add`, `replace` and `remove` only.

use json_patch::{AddOperation, PatchError, PatchOperation, RemoveOperation, ReplaceOperation, jsonptr::PointerBuf};
use serde_json::{Map, Value};

use super::error::Error;

/// A patch that is well-formed. Whether it fits is for the twin or relationship to say.
#[derive(Debug)]
pub(super) struct Patch(pub(super) Vec<Operation>);

/// One step of a patch.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) kind: OperationKind,
    /// The path taken apart, escapes undone.
    pub(super) names: Vec<String>,
    pub(super) path: PointerBuf,
}

#[derive(Debug, Clone)]
pub(super) enum OperationKind {
    Add(Value),
    Replace(Value),
    Remove,
}

impl Patch {
    /// Reads a patch. The messages tell apart the cases that the service tells apart.
    pub(super) fn parse(patch: Value) -> Result<Self, Error> {
        let Value::Array(operations) = patch else {
            return Err(Error::JsonPatchInvalid("The patch is no array.".to_owned()));
        };
        let operations = operations.into_iter().map(Operation::parse).collect::<Result<Vec<_>, _>>();
        let operations = operations.map_err(Error::JsonPatchInvalid)?;
        if operations.is_empty() {
            return Err(Error::JsonPatchInvalid("The patch is empty.".to_owned()));
        }
        Ok(Self(operations))
    }

    /// The same patch seen from the twin, where this one is seen from a component.
    pub(super) fn below(mut self, component: &str) -> Self {
        for operation in &mut self.0 {
            operation.path.push_front(component);
            operation.names.insert(0, component.to_owned());
        }
        self
    }

    /// The patch as notifications have it: members in the order `value`, `path`, `op`.
    pub(super) fn into_json(self) -> Value {
        self.0.into_iter().map(Operation::into_json).collect()
    }
}

impl Operation {
    fn parse(operation: Value) -> Result<Self, String> {
        let Value::Object(mut members) = operation else {
            return Err("An operation is no object.".to_owned());
        };
        let Some(Value::String(op)) = members.remove("op") else {
            return Err("An operation has no op.".to_owned());
        };
        let kind = match (op.as_str(), members.remove("value")) {
            ("add", Some(value)) => OperationKind::Add(value),
            ("replace", Some(value)) => OperationKind::Replace(value),
            ("remove", _) => OperationKind::Remove,
            ("add" | "replace", None) => return Err(format!("An operation {op} has no value.")),
            _ => return Err(format!("The operation {op} is not supported.")),
        };
        let Some(Value::String(path)) = members.remove("path") else {
            return Err(format!("An operation {op} has no path."));
        };
        let path = PointerBuf::parse(path).map_err(|invalid| format!("A path is no JSON pointer: {invalid}."))?;
        let names: Vec<_> = path.tokens().map(|token| token.decoded().into_owned()).collect();
        if names.is_empty() {
            return Err("A path is empty.".to_owned());
        }
        Ok(Self { kind, names, path })
    }

    /// The value that the operation brings.
    pub(super) fn value(&self) -> Option<&Value> {
        match &self.kind {
            OperationKind::Add(value) | OperationKind::Replace(value) => Some(value),
            OperationKind::Remove => None,
        }
    }

    /// The operation as `json-patch` has it, with another value where one is given.
    pub(super) fn to_json_patch(&self, value: Option<Value>) -> PatchOperation {
        let path = self.path.clone();
        match &self.kind {
            OperationKind::Add(own) => {
                PatchOperation::Add(AddOperation { path, value: value.unwrap_or_else(|| own.clone()) })
            }
            OperationKind::Replace(own) => {
                PatchOperation::Replace(ReplaceOperation { path, value: value.unwrap_or_else(|| own.clone()) })
            }
            OperationKind::Remove => PatchOperation::Remove(RemoveOperation { path }),
        }
    }

    fn into_json(self) -> Value {
        let (op, value) = match self.kind {
            OperationKind::Add(value) => ("add", Some(value)),
            OperationKind::Replace(value) => ("replace", Some(value)),
            OperationKind::Remove => ("remove", None),
        };
        let mut json = Map::new();
        json.extend(value.map(|value| ("value".to_owned(), value)));
        json.insert("path".to_owned(), self.path.as_str().into());
        json.insert("op".to_owned(), op.into());
        Value::Object(json)
    }
}

/// Says of a patch that can't be applied what is wrong with it.
pub(super) fn not_applicable(error: &PatchError) -> Error {
    Error::JsonPatchInvalid(format!("Nothing is found at the path {}.", error.path))
}
