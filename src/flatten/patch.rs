//! The text of a JSON Patch (RFC 6902) as operations.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{BadPayload, Change, Flattening, ObjectValues, Problem, operation::Operation};

/// The operations of a patch. That they are objects is all that is known of them.
#[derive(Debug)]
pub struct Patch<'a>(Vec<Operation<'a>>);

impl<'a> Patch<'a> {
    /// Reads a patch, which must be an array of objects.
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

/// What is wrong with a patch that is no array of objects.
fn unreadable(patch: &RawValue) -> BadPayload {
    let operations: Vec<&RawValue> = serde_json::from_str(patch.get()).unwrap_or_default();
    let readable = |operation: &&RawValue| serde_json::from_str::<Operation<'_>>(operation.get()).is_ok();
    let Some(index) = operations.iter().position(|operation| !readable(operation)) else {
        return BadPayload::PatchIsNoArray;
    };
    let is_object = operations[index].get().starts_with('{');
    let problem = if is_object { Problem::NotUnicode } else { Problem::NotAnOperation };
    BadPayload::Operation { index, problem }
}
