//! What a notification carries as property changes: the third step of the flow, and the reason for the project.
//!
//! Pure: no I/O, no clock, and of the settings only [`ObjectValues`]. What becomes of each operation is listed in
//! `docs/flattening.md`; the tests below follow that table.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::json::{self, NotUnicode};

mod key;
mod operation;
mod patch;
mod path;
mod source_times;

pub use key::Key;
use operation::Operation;
pub use operation::Problem;
pub use patch::Patch;
use source_times::SourceTimes;

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

/// Why a payload can't be recorded. The event that holds it is set aside whole. Texts never quote a value.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadPayload {
    /// The patch is something other than an array.
    #[error("its patch is not an array of operations")]
    PatchIsNoArray,
    /// One operation of the patch is wrong.
    #[error("operation {index} of its patch {problem}")]
    Operation {
        /// The operation's index in the patch, from 0.
        index: usize,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A twin, a relationship or a telemetry message that is something other than an object.
    #[error("its payload is not a JSON object")]
    NotAnObject,
    /// A member's name holds half of a surrogate pair.
    #[error("its payload holds a name that is not Unicode")]
    NotUnicode,
}

/// The values of a whole object, each member as if it had been replaced: a twin or a relationship as it was created, or
/// the telemetry of the component at the path `component` (empty: of the twin itself).
pub fn object<'a>(
    object: &'a RawValue,
    component: &[String],
    objects: ObjectValues,
) -> Result<Vec<Change<'a>>, BadPayload> {
    let members = json::members(object)?.ok_or(BadPayload::NotAnObject)?;
    let mut flattening = Flattening::of(members.len(), objects);
    flattening.members(Key::of(component).as_ref(), members)?;
    Ok(flattening.finish())
}

struct Flattening<'a> {
    objects: ObjectValues,
    changes: Vec<Change<'a>>,
    source_times: SourceTimes,
}

impl<'a> Flattening<'a> {
    /// Of about so many values.
    fn of(values: usize, objects: ObjectValues) -> Self {
        Self { objects, changes: Vec::with_capacity(values), source_times: SourceTimes::default() }
    }

    fn operation(&mut self, operation: &Operation<'a>) -> Result<(), Problem> {
        let (path, value) = operation.judge()?;
        if let Some(segments) = path.system_segments() {
            if let (Some(at), Some(value)) = (segments.iter().position(|segment| segment == "$metadata"), value) {
                self.source_times.set(Key::of(&segments[..at]).as_ref(), &segments[at + 1..], value)?;
            }
            return Ok(());
        }
        match (path.key(), value) {
            (Some(key), Some(value)) => self.property(key, value)?,
            (Some(key), None) => self.change(key, None),
            (None, Some(twin)) => self.members(None, json::members(twin)?.ok_or(Problem::TwinIsNoObject)?)?,
            (None, None) => return Err(Problem::RemovesTwin),
        }
        Ok(())
    }

    /// A property (or a component, which looks the same from here) that has a new value.
    fn property(&mut self, key: Key, value: &'a RawValue) -> Result<(), NotUnicode> {
        let members = match json::members(value)? {
            Some(members) if !members.is_empty() => members,
            _ => {
                self.change(key, Some(json::compact(value)));
                return Ok(());
            }
        };
        match self.objects {
            ObjectValues::Flatten => self.members(Some(&key), members)?,
            ObjectValues::Keep => {
                self.source_times.set_below(&key, &members)?;
                if members.iter().any(|(name, _)| !is_system(name)) {
                    self.change(key, Some(json::without(value, is_system)?));
                }
            }
        }
        Ok(())
    }

    /// Each member of an object, as if it had been set by itself.
    fn members(&mut self, object: Option<&Key>, members: json::Members<'a>) -> Result<(), NotUnicode> {
        for (name, value) in members {
            if name == "$metadata" {
                self.source_times.set(object, &[], value)?;
            } else if !is_system(&name) {
                self.property(Key::member(object, &name), value)?;
            }
        }
        Ok(())
    }

    fn change(&mut self, key: Key, value: Option<Cow<'a, RawValue>>) {
        self.changes.push(Change { key, value, source_time: None });
    }

    /// A source time may stand after the value that it belongs to, so that times are given out at the end.
    fn finish(mut self) -> Vec<Change<'a>> {
        if !self.source_times.is_empty() {
            for change in &mut self.changes {
                change.source_time = self.source_times.of(&change.key).map(str::to_owned);
            }
        }
        self.changes
    }
}

/// Members that Azure Digital Twins adds for itself: `$metadata`, `$dtId` and the like.
fn is_system(name: &str) -> bool {
    name.starts_with('$')
}

impl From<NotUnicode> for BadPayload {
    fn from(_: NotUnicode) -> Self {
        Self::NotUnicode
    }
}

impl From<NotUnicode> for Problem {
    fn from(_: NotUnicode) -> Self {
        Self::NotUnicode
    }
}

#[cfg(test)]
mod tests;
