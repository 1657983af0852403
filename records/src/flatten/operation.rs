//! One operation of a patch, judged but with its value untouched.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{path::Path, problem::Problem};
use crate::json::{Fields, Reader};

/// An operation with its value as it came. `json_patch`'s own type holds the value as a parsed number, which would turn
/// `1.10` into `1.1` and refuse `1e400`.
#[derive(Debug, Default)]
pub(super) struct Operation<'a> {
    op: Option<Cow<'a, str>>,
    path: Option<Cow<'a, str>>,
    value: Option<&'a RawValue>,
}

impl<'a> Operation<'a> {
    /// Reads the operation at the reader's place; `None` where it needs the slower reading of [`Operation::of`].
    pub(super) fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut operation = Self::default();
        reader.object(|name, reader| {
            match name {
                "op" => operation.op = Some(reader.text()?.into()),
                "path" => operation.path = Some(reader.text()?.into()),
                "value" => operation.value = Some(reader.value()?),
                _ => reader.skip()?,
            }
            Some(())
        })?;
        Some(operation)
    }

    /// Takes the operation from an object of any members. An `op` or a `path` that is no string counts as missing.
    pub(super) fn of(fields: &Fields<'a>) -> Self {
        Self { op: fields.text("op"), path: fields.text("path"), value: fields.get("value") }
    }

    /// Where it changes the twin, and the value that is added or replaced there; `None` removes.
    pub(super) fn judge(&self) -> Result<(Path<'_>, Option<&'a RawValue>), Problem> {
        let (Some(op), Some(path)) = (&self.op, &self.path) else {
            return Err(Problem::NotAnOperation);
        };
        let value = match &**op {
            "add" | "replace" => Some(self.value.ok_or(Problem::NoValue)?),
            "remove" => None,
            _ => return Err(Problem::UnknownOperation),
        };
        Ok((Path::parse(path)?, value))
    }
}
