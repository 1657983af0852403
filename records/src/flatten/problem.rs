//! Why something can't be flattened. Texts never quote a value.

use crate::json::NotUnicode;

/// Why a payload can't be recorded. The event that holds it is set aside whole.
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

impl From<NotUnicode> for BadPayload {
    fn from(_: NotUnicode) -> Self {
        Self::NotUnicode
    }
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
    #[error("holds a name that is not Unicode")]
    NotUnicode,
}

impl From<NotUnicode> for Problem {
    fn from(_: NotUnicode) -> Self {
        Self::NotUnicode
    }
}
