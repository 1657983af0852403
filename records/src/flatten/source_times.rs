//! When the source of a value took it: what a patch says of that in `$metadata`, wherever it says it.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::key::{Key, is_system};
use crate::json::{self, NotUnicode};

/// The source times of one notification, by property. None is ever carried over to another notification.
#[derive(Debug, Default)]
pub(super) struct SourceTimes(HashMap<Key, String>);

impl SourceTimes {
    /// Whether the notification says nothing of them, as most.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the value that was set at `path` below the `$metadata` of a component (`None`: of the twin itself).
    pub(super) fn set(&mut self, component: Option<&Key>, path: &[String], value: &RawValue) -> Result<(), NotUnicode> {
        match path {
            [property, ..] if is_system(property) => {}
            [] => {
                for (property, value) in json::members(value)?.unwrap_or_default() {
                    self.set(component, &[property.into_owned()], value)?;
                }
            }
            [property] => {
                if let Some(time) = json::Fields::of(value)?.text("sourceTime") {
                    self.0.insert(Key::member(component, property), time.into_owned());
                }
            }
            [property, field] if field == "sourceTime" => {
                if let Some(time) = json::text(value) {
                    self.0.insert(Key::member(component, property), time.into_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes what stands at any depth inside an object that is kept whole.
    pub(super) fn set_below(&mut self, object: &Key, members: &json::Members<'_>) -> Result<(), NotUnicode> {
        for (name, value) in members {
            if name == "$metadata" {
                self.set(Some(object), &[], value)?;
            } else if !is_system(name)
                && let Some(members) = json::members(value)?
            {
                self.set_below(&Key::member(Some(object), name), &members)?;
            }
        }
        Ok(())
    }

    /// The source time of a property: its own, or that of the nearest object above it, whose leaf it then is.
    pub(super) fn of(&self, property: &Key) -> Option<&str> {
        property.with_parents().find_map(|key| self.0.get(key)).map(String::as_str)
    }
}
