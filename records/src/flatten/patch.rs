//! The text of a JSON Patch (RFC 6902) as operations.

use serde_json::value::RawValue;

use super::{
    change::Change,
    flattening::Flattening,
    operation::Operation,
    problem::{BadPayload, Problem},
};
use crate::{
    config::ObjectValues,
    json::{Fields, Reader},
};

/// The operations of a patch, not judged yet.
#[derive(Debug)]
pub struct Patch<'a>(Vec<Operation<'a>>);

impl<'a> Patch<'a> {
    /// Takes the patch that stands next, if there is nothing unusual about it.
    pub fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut operations = Vec::new();
        reader.array(|reader| Operation::next(reader).map(|operation| operations.push(operation)))?;
        Some(Self(operations))
    }

    /// Reads a patch, which must be an array of objects, whatever their members.
    pub fn read(patch: &'a RawValue) -> Result<Self, BadPayload> {
        let operations: Vec<Fields<'_>> = serde_json::from_str(patch.get()).map_err(|_| unreadable(patch))?;
        Ok(Self(operations.iter().map(Operation::of).collect()))
    }

    /// The changes that it makes, in its order.
    pub fn changes(&self, objects: ObjectValues) -> Result<Vec<Change<'a>>, BadPayload> {
        let mut flattening = Flattening::of(self.0.len(), objects);
        for (index, operation) in self.0.iter().enumerate() {
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
