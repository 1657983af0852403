//! One operation of a patch, judged but with its value untouched.

use std::fmt;

use json_patch::jsonptr::Pointer;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::json;

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
    #[error("holds a name that is not Unicode")]
    NotUnicode,
}

/// An operation with its value as it came. `json_patch`'s own type holds the value as a parsed number, which would
/// turn `1.10` into `1.1` and refuse `1e400`.
pub(super) struct Operation<'a> {
    /// The decoded segments of the path; none is the twin itself.
    pub(super) path: Vec<String>,
    /// The value that is added or replaced; `None` removes.
    pub(super) value: Option<&'a RawValue>,
}

impl<'a> Operation<'a> {
    pub(super) fn read(members: &Members<'a>) -> Result<Self, Problem> {
        let text = |member: Option<&'a RawValue>| member.and_then(json::text).ok_or(Problem::NotAnOperation);
        let (op, path) = (text(members.op)?, text(members.path)?);
        let value = match &*op {
            "add" | "replace" => Some(members.value.ok_or(Problem::NoValue)?),
            "remove" => None,
            _ => return Err(Problem::UnknownOperation),
        };
        Ok(Self { path: segments(&path)?, value })
    }
}

/// What an operation consists of, not judged yet. Of a member that is given twice the last one counts.
#[derive(Default)]
pub(super) struct Members<'a> {
    op: Option<&'a RawValue>,
    path: Option<&'a RawValue>,
    value: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an operation")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some((json::Text(name), value)) = map.next_entry()? {
                    match &*name {
                        "op" => members.op = Some(value),
                        "path" => members.path = Some(value),
                        "value" => members.value = Some(value),
                        _ => {}
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// The decoded segments of an operation's path.
///
/// The documentation prints `myComponent/$metadata/Temperature/sourceTime` without the leading slash (learn.microsoft.com,
/// "Manage digital twins"), so this one form is taken without it as well.
fn segments(path: &str) -> Result<Vec<String>, Problem> {
    fn parse(path: &str) -> Result<Vec<String>, Problem> {
        let pointer = Pointer::parse(path).map_err(|_| Problem::NotAPointer)?;
        Ok(pointer.tokens().map(|token| token.decoded().into_owned()).collect())
    }

    if path.is_empty() || path.starts_with('/') {
        return parse(path);
    }
    let segments = parse(&format!("/{path}"))?;
    match segments.as_slice() {
        [metadata, _, field] | [_, metadata, _, field] if metadata == "$metadata" && field == "sourceTime" => {
            Ok(segments)
        }
        _ => Err(Problem::NotAPointer),
    }
}
