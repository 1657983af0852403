//! The text of a JSON Patch (RFC 6902) as operations.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{BadPayload, Change, Flattening, ObjectValues, Problem, operation::Operation};
use crate::json;

/// The operations of a patch, not judged yet.
#[derive(Debug)]
pub struct Patch<'a>(Vec<Operation<'a>>);

impl<'a> Patch<'a> {
    /// Reads a patch, which must be an array of objects whose "op" and "path" are texts.
    pub fn read(patch: &'a RawValue) -> Result<Self, BadPayload> {
        serde_json::from_str(patch.get()).map_err(|_| unreadable(patch))
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

impl<'de> Deserialize<'de> for Patch<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

/// What is wrong with a patch that is no array of operations.
fn unreadable(patch: &RawValue) -> BadPayload {
    let operations: Vec<&RawValue> = serde_json::from_str(patch.get()).unwrap_or_default();
    let readable = |operation: &&RawValue| serde_json::from_str::<Operation<'_>>(operation.get()).is_ok();
    let Some(index) = operations.iter().position(|operation| !readable(operation)) else {
        return BadPayload::PatchIsNoArray;
    };
    let has_names = json::members(operations[index]).is_ok();
    let problem = if has_names { Problem::NotAnOperation } else { Problem::NotUnicode };
    BadPayload::Operation { index, problem }
}
