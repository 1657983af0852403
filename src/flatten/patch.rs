//! The text of a JSON Patch (RFC 6902) as operations.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{BadPayload, Change, Flattening, ObjectValues, Problem, operation::Operation};
use crate::json::{Fields, Object};

/// The operations of a patch, not judged yet.
#[derive(Debug, Deserialize)]
pub struct Patch<'a>(#[serde(borrow)] Vec<Object<Operation<'a>>>);

impl<'a> Patch<'a> {
    /// Reads a patch, which must be an array of objects, whatever their members.
    pub fn read(patch: &'a RawValue) -> Result<Self, BadPayload> {
        let operations: Vec<Fields<'_>> = serde_json::from_str(patch.get()).map_err(|_| unreadable(patch))?;
        Ok(Self(operations.iter().map(Operation::of).map(Object).collect()))
    }

    /// The changes that it makes, in its order.
    pub fn changes(&self, objects: ObjectValues) -> Result<Vec<Change<'a>>, BadPayload> {
        let mut flattening = Flattening::of(self.0.len(), objects);
        for (index, Object(operation)) in self.0.iter().enumerate() {
            flattening.operation(operation).map_err(|problem| BadPayload::Operation { index, problem })?;
        }
        Ok(flattening.finish())
    }
}

/// What is wrong with a patch that is no array of objects.
fn unreadable(patch: &RawValue) -> BadPayload {
    let operations: Vec<&RawValue> = serde_json::from_str(patch.get()).unwrap_or_default();
    let readable = |operation: &&RawValue| serde_json::from_str::<Fields<'_>>(operation.get()).is_ok();
    let Some(index) = operations.iter().position(|operation| !readable(operation)) else {
        return BadPayload::PatchIsNoArray;
    };
    let is_object = operations[index].get().starts_with('{');
    let problem = if is_object { Problem::NotUnicode } else { Problem::NotAnOperation };
    BadPayload::Operation { index, problem }
}
