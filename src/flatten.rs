//! A notification's patch as property changes: the third step of the flow, and the reason for the project.
//!
//! Pure: no I/O, no clock, and of the settings only [`ObjectValues`]. What becomes of each operation is listed in
//! `docs/flattening.md`; the tests below follow that table.

use std::{borrow::Cow, collections::HashMap};

use json_patch::jsonptr::Pointer;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::json;

mod key;

pub use key::Key;

/// What becomes of an object that is set as a property's value (setting `OBJECT_VALUES`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ObjectValues {
    /// One change for each leaf of the object, so that every number is a series of its own.
    #[default]
    Flatten,
    /// One change with the whole object, as the data history feature of Azure Digital Twins records it.
    Keep,
}

/// One property's change.
#[derive(Debug)]
pub struct Change<'a> {
    /// The property, as a path from the twin's root.
    pub key: Key,
    /// The new value exactly as it came, or `None` where the property was removed.
    pub value: Option<Cow<'a, RawValue>>,
    /// When the source of the value took it, if the same patch says so (`sourceTime` in the property's `$metadata`).
    pub source_time: Option<String>,
}

/// Why a patch can't be recorded. The event that holds it is set aside whole.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadPatch {
    /// The patch is something other than an array.
    #[error("its patch is not an array of operations")]
    NotAnArray,
    /// One operation is wrong.
    #[error("operation {index} of its patch {problem}")]
    Operation {
        /// The operation's index in the patch, from 0.
        index: usize,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with an operation. Texts go on from "operation 3 of its patch" and never quote a value.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[allow(missing_docs, reason = "the texts say it")]
pub enum Problem {
    #[error("is not an object with the texts \"op\" and \"path\"")]
    NotAnOperation,
    #[error("is none that Azure Digital Twins emits: \"op\" must be add, replace or remove")]
    UnknownOperation,
    #[error("has a \"path\" that is no JSON Pointer (RFC 6901)")]
    NotAPointer,
    #[error("has no \"value\"")]
    NoValue,
    #[error("removes the whole twin, which no patch can do")]
    RemovesTwin,
    #[error("replaces the whole twin by something other than an object")]
    TwinIsNoObject,
    #[error("holds text that is not Unicode")]
    NotUnicode,
}

/// The changes that `patch` (the text of a JSON Patch, RFC 6902) makes, in its order.
pub fn patch(patch: &RawValue, objects: ObjectValues) -> Result<Vec<Change<'_>>, BadPatch> {
    let operations: Vec<&RawValue> = serde_json::from_str(patch.get()).map_err(|_| BadPatch::NotAnArray)?;
    let mut flattening = Flattening { objects, changes: Vec::new(), source_times: HashMap::new() };
    for (index, operation) in operations.into_iter().enumerate() {
        flattening.operation(operation).map_err(|problem| BadPatch::Operation { index, problem })?;
    }
    Ok(flattening.finish())
}

/// An operation with its value as it came. `json_patch`'s own type holds the value as a parsed number, which would
/// turn `1.10` into `1.1` and refuse `1e400`.
#[derive(Deserialize)]
struct Operation<'a> {
    #[serde(borrow)]
    op: Cow<'a, str>,
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    value: Option<&'a RawValue>,
}

/// A value that is null is present all the same; serde's own `Option` takes it for missing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

struct Flattening<'a> {
    objects: ObjectValues,
    changes: Vec<(Key, Option<Cow<'a, RawValue>>)>,
    source_times: HashMap<Key, String>,
}

impl<'a> Flattening<'a> {
    fn operation(&mut self, operation: &'a RawValue) -> Result<(), Problem> {
        let Operation { op, path, value } =
            serde_json::from_str(operation.get()).map_err(|_| Problem::NotAnOperation)?;
        let value = match &*op {
            "add" | "replace" => Some(value.ok_or(Problem::NoValue)?),
            "remove" => None,
            _ => return Err(Problem::UnknownOperation),
        };
        let path = segments(&path)?;

        if let Some(at) = path.iter().position(|segment| segment == "$metadata") {
            return match value {
                Some(value) => self.metadata_at(&path[..at], &path[at + 1..], value),
                None => Ok(()),
            };
        }
        if path.iter().any(|segment| segment.starts_with('$')) {
            return Ok(());
        }
        match (Key::of(&path), value) {
            (Some(key), Some(value)) => self.property(key, value),
            (Some(key), None) => {
                self.changes.push((key, None));
                Ok(())
            }
            (None, Some(twin)) => self.members(None, members_of(twin)?.ok_or(Problem::TwinIsNoObject)?),
            (None, None) => Err(Problem::RemovesTwin),
        }
    }

    /// A property (or a component, which looks the same from here) that has a new value.
    fn property(&mut self, key: Key, value: &'a RawValue) -> Result<(), Problem> {
        let members = match members_of(value)? {
            Some(members) if !members.is_empty() => members,
            _ => {
                self.changes.push((key, Some(json::compact(value))));
                return Ok(());
            }
        };
        match self.objects {
            ObjectValues::Flatten => self.members(Some(&key), members),
            ObjectValues::Keep => {
                self.source_times_below(&key, &members)?;
                if members.iter().any(|(name, _)| !name.starts_with('$')) {
                    let kept = without_system_members(value).map_err(|_| Problem::NotUnicode)?;
                    self.changes.push((key, Some(Cow::Owned(kept))));
                }
                Ok(())
            }
        }
    }

    /// Each member of an object, as if it had been set by itself.
    fn members(&mut self, object: Option<&Key>, members: json::Members<'a>) -> Result<(), Problem> {
        for (name, value) in members {
            if name == "$metadata" {
                self.metadata(object, value)?;
            } else if !name.starts_with('$') {
                self.property(Key::member(object, &name), value)?;
            }
        }
        Ok(())
    }

    /// The source times inside an object that is kept whole.
    fn source_times_below(&mut self, object: &Key, members: &json::Members<'a>) -> Result<(), Problem> {
        for (name, value) in members {
            if name == "$metadata" {
                self.metadata(Some(object), value)?;
            } else if !name.starts_with('$')
                && let Some(members) = members_of(value)?
            {
                self.source_times_below(&Key::member(Some(object), name), &members)?;
            }
        }
        Ok(())
    }

    /// An operation on a part of the `$metadata` of a twin or component: `rest` is the path below `$metadata`.
    fn metadata_at(
        &mut self,
        component: &[Cow<'_, str>],
        rest: &[Cow<'_, str>],
        value: &'a RawValue,
    ) -> Result<(), Problem> {
        let component = Key::of(component);
        let component = component.as_ref();
        match rest {
            [] => self.metadata(component, value),
            [property, ..] if property.starts_with('$') => Ok(()),
            [property] => self.property_metadata(Key::member(component, property), value),
            [property, field] if field == "sourceTime" => {
                self.source_time(Key::member(component, property), value);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A whole `$metadata` object.
    fn metadata(&mut self, component: Option<&Key>, metadata: &'a RawValue) -> Result<(), Problem> {
        for (property, metadata) in members_of(metadata)?.unwrap_or_default() {
            if !property.starts_with('$') {
                self.property_metadata(Key::member(component, &property), metadata)?;
            }
        }
        Ok(())
    }

    /// What `$metadata` says of one property.
    fn property_metadata(&mut self, property: Key, metadata: &'a RawValue) -> Result<(), Problem> {
        let members = members_of(metadata)?.unwrap_or_default();
        if let Some((_, time)) = members.iter().rfind(|(name, _)| name == "sourceTime") {
            self.source_time(property, time);
        }
        Ok(())
    }

    fn source_time(&mut self, property: Key, time: &RawValue) {
        if let Some(time) = json::text(time) {
            self.source_times.insert(property, time.into_owned());
        }
    }

    fn finish(self) -> Vec<Change<'a>> {
        let Self { changes, source_times, .. } = self;
        changes
            .into_iter()
            .map(|(key, value)| {
                // A property's source time holds for every leaf below the property.
                let source_time = if source_times.is_empty() {
                    None
                } else {
                    key.with_parents().find_map(|key| source_times.get(key)).cloned()
                };
                Change { key, value, source_time }
            })
            .collect()
    }
}

fn members_of(value: &RawValue) -> Result<Option<json::Members<'_>>, Problem> {
    json::members(value).map_err(|_| Problem::NotUnicode)
}

/// The decoded segments of an operation's path.
///
/// The documentation prints `myComponent/$metadata/Temperature/sourceTime` without the leading slash (learn.microsoft.com,
/// "Manage digital twins"), so this one form is taken without it as well.
fn segments(path: &str) -> Result<Vec<Cow<'static, str>>, Problem> {
    fn parse(path: &str) -> Result<Vec<Cow<'static, str>>, Problem> {
        let pointer = Pointer::parse(path).map_err(|_| Problem::NotAPointer)?;
        Ok(pointer.tokens().map(|token| Cow::Owned(token.decoded().into_owned())).collect())
    }

    if path.is_empty() || path.starts_with('/') {
        return parse(path);
    }
    let segments = parse(&format!("/{path}"))?;
    match segments.as_slice() {
        [.., metadata, _, field] if metadata == "$metadata" && field == "sourceTime" => Ok(segments),
        _ => Err(Problem::NotAPointer),
    }
}

/// An object without the members that Azure Digital Twins adds for itself (`$metadata`, `$dtId` and the like), at every
/// depth except inside arrays, which are values as a whole.
fn without_system_members(object: &RawValue) -> serde_json::Result<Box<RawValue>> {
    fn write(value: &RawValue, out: &mut String) -> serde_json::Result<()> {
        let Some(members) = json::members(value)? else {
            out.push_str(json::compact(value).get());
            return Ok(());
        };
        out.push('{');
        let mut separator = "";
        for (name, value) in members.iter().filter(|(name, _)| !name.starts_with('$')) {
            out.push_str(separator);
            out.push_str(&serde_json::to_string(name)?);
            out.push(':');
            write(value, out)?;
            separator = ",";
        }
        out.push('}');
        Ok(())
    }

    let mut out = String::with_capacity(object.get().len());
    write(object, &mut out)?;
    RawValue::from_string(out)
}

#[cfg(test)]
mod tests;
