//! The update of a twin as it should be, in either schema: what nearly every event is, and one pass reads.
//!
//! What differs from this in anything is an error here, and left to be read level by level (`Envelope::of`).

use serde::{Deserialize, de::IgnoredAny};

use crate::{
    flatten::Patch,
    json::{Object, Text, present},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TwinUpdate<'a> {
    #[serde(default, deserialize_with = "present")]
    pub(super) specversion: Option<IgnoredAny>,
    #[serde(borrow)]
    pub(super) r#type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) event_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) subject: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event_time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) source: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) traceparent: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) data: Object<PayloadOrWrapper<'a>>,
}

/// The payload, or what wraps it: which of the two the schema says, which may show only after the data.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PayloadOrWrapper<'a> {
    #[serde(borrow)]
    pub(super) model_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) patch: Option<Patch<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Object<Wrapped<'a>>>,
    #[serde(borrow)]
    pub(super) traceparent: Option<Text<'a>>,
}

/// The payload in the Event Grid schema.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wrapped<'a> {
    #[serde(borrow)]
    pub(super) model_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) patch: Option<Patch<'a>>,
}
