//! One operation of a patch, judged but with its value untouched.

use json_patch::jsonptr::Pointer;
use serde_json::value::RawValue;

use crate::json::Fields;

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
    pub(super) fn read(fields: &Fields<'a>) -> Result<Self, Problem> {
        let (Some(op), Some(path)) = (fields.text("op"), fields.text("path")) else {
            return Err(Problem::NotAnOperation);
        };
        let value = match &*op {
            "add" | "replace" => Some(fields.get("value").ok_or(Problem::NoValue)?),
            "remove" => None,
            _ => return Err(Problem::UnknownOperation),
        };
        Ok(Self { path: segments(&path)?, value })
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
