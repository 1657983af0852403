//! Values and operations become changes, one after another.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    change::Change,
    key::{Key, is_system},
    operation::Operation,
    problem::{BadPayload, Problem},
    source_times::SourceTimes,
};
use crate::{
    config::ObjectValues,
    json::{self, NotUnicode},
};

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

pub(super) struct Flattening<'a> {
    objects: ObjectValues,
    changes: Vec<Change<'a>>,
    source_times: SourceTimes,
}

impl<'a> Flattening<'a> {
    /// An empty one, with memory for so many changes.
    pub(super) fn of(values: usize, objects: ObjectValues) -> Self {
        Self { objects, changes: Vec::with_capacity(values), source_times: SourceTimes::default() }
    }

    pub(super) fn operation(&mut self, operation: &Operation<'a>) -> Result<(), Problem> {
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
    pub(super) fn finish(mut self) -> Vec<Change<'a>> {
        if !self.source_times.is_empty() {
            for change in &mut self.changes {
                change.source_time = self.source_times.of(&change.key).map(str::to_owned);
            }
        }
        self.changes
    }
}
