//! The envelope in which the Functions host hands over a delivery of the Event Grid trigger.
//!
//! Source: the custom handler contract (learn.microsoft.com, "Azure Functions custom handlers") and the host's code
//! (Azure/azure-functions-host, `DefaultHttpWorkerService` and `ScriptInvocationContextExtensions`).

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;
use twin_records::json;

/// The binding's name in `function/function.json`.
const BINDING: &str = "events";

/// Why a request body is not an invocation. Answered 400; nothing of it was forwarded.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadInvocation {
    /// Not JSON, or an object without the object `Data`.
    #[error("The body is not an invocation of the Functions host: a JSON object with the member \"Data\", an object.")]
    NotAnEnvelope,
    /// Several members and none of them named `events`.
    #[error(
        "The invocation holds several bindings and none named \"events\": name the trigger so in function/function.json."
    )]
    NoBinding,
    /// The binding holds a number, a boolean, or text that is not JSON.
    #[error(
        "The binding holds neither an event nor an array of events: is its type \"eventGridTrigger\" in function/function.json?"
    )]
    NotEvents,
}

/// The text of the events in an invocation: a JSON object, or an array of whatever it holds.
///
/// The trigger's value comes as an object (cardinality one), as a string that holds an array (many), or in whatever
/// other wrapping an edited function.json brings about: an array, a string in a string, another binding's name.
/// `Metadata`, which repeats the whole payload, is not read.
pub fn text(body: &[u8]) -> Result<Cow<'_, str>, BadInvocation> {
    if let Some(text) = as_the_host_has_it(body) {
        return unwrap(Cow::Owned(text));
    }
    match binding(body)?.map(RawValue::get) {
        None | Some(json::NULL) => Ok(Cow::Borrowed("[]")),
        Some(value) => unwrap(Cow::Borrowed(value)),
    }
}

/// The string that our binding is in nearly every body, taken out of its quotes by the pass that finds it. `None` where
/// it is something else, or anything is wrong with the body.
///
/// `Metadata` follows it: an object as large, which is not read. HTTP says already whether a body came as a whole, so only
/// the last bytes are looked at.
fn as_the_host_has_it(body: &[u8]) -> Option<String> {
    let rest = json::skip(body, &["{", "\"Data\"", ":", "{", "\"events\"", ":"])?;
    let (text, rest) = json::first_string(rest)?;
    let metadata = json::skip(rest, &["}", ",", "\"Metadata\"", ":", "{"])?;
    metadata.trim_ascii_end().ends_with(b"}}").then_some(text)
}

/// The value of the trigger's binding: the one of our name, or the only one; `None` where there is none at all.
fn binding(body: &[u8]) -> Result<Option<&RawValue>, BadInvocation> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow, rename = "Data")]
        data: BTreeMap<Cow<'a, str>, &'a RawValue>,
        #[serde(default, rename = "Metadata")]
        _metadata: IgnoredAny,
    }

    let Envelope { mut data, .. } = serde_json::from_slice(body).map_err(|_| BadInvocation::NotAnEnvelope)?;
    match data.remove(BINDING) {
        None if data.len() > 1 => Err(BadInvocation::NoBinding),
        None => Ok(data.pop_first().map(|(_, value)| value)),
        value => Ok(value),
    }
}

/// Takes the wrapping of strings off, however many there are.
fn unwrap(mut text: Cow<'_, str>) -> Result<Cow<'_, str>, BadInvocation> {
    loop {
        let trimmed = text.trim();
        if trimmed.starts_with('"') {
            text = Cow::Owned(serde_json::from_str(trimmed).map_err(|_| BadInvocation::NotEvents)?);
        } else if !trimmed.starts_with(['[', '{']) {
            return Err(BadInvocation::NotEvents);
        } else if trimmed.len() < text.len() {
            return Ok(Cow::Owned(trimmed.to_owned()));
        } else {
            return Ok(text);
        }
    }
}

#[cfg(test)]
mod tests;
