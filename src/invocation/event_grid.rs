//! The Event Grid trigger: events as Event Grid has them, in some wrapping.

use std::borrow::Cow;

use serde_json::value::RawValue;
use twin_records::json;

use super::{bad_invocation::BadInvocation, envelope::Envelope};
use crate::delivery::Delivery;

/// The delivery in the trigger's value, which comes as an object (cardinality one), as a string that holds an array
/// (many), or in whatever other wrapping an edited function.json brings about: an array, a string in a string.
pub(super) fn delivery(value: Cow<'_, str>) -> Result<Delivery, BadInvocation> {
    Ok(Delivery { events: unwrap(value)?.into_owned(), ..Delivery::default() })
}

/// The trigger's value. `Metadata`, which repeats the whole payload, is of no interest.
pub(super) fn value<'a>(envelope: &Envelope<'a>) -> Result<Cow<'a, str>, BadInvocation> {
    Ok(match envelope.binding()?.map(RawValue::get) {
        None | Some(json::NULL) => Cow::Borrowed("[]"),
        Some(value) => Cow::Borrowed(value),
    })
}

/// The string that our binding is in nearly every body, taken out of its quotes by the pass that finds it. `None` where
/// it is something else, or anything is wrong with the body.
///
/// `Metadata` follows it: an object as large, which is not read beyond the name by which it begins, that no other trigger
/// has there. HTTP says already whether a body came as a whole, so only the last bytes are looked at.
pub(super) fn as_the_host_has_it(body: &[u8]) -> Option<Cow<'static, str>> {
    let rest = json::skip(body, &["{", "\"Data\"", ":", "{", "\"events\"", ":"])?;
    let (text, rest) = json::first_string(rest)?;
    let metadata = json::skip(rest, &["}", ",", "\"Metadata\"", ":", "{"])?;
    let is_ours = ["\"data\"", "\"sys\""].iter().any(|name| metadata.starts_with(name.as_bytes()));
    (is_ours && metadata.trim_ascii_end().ends_with(b"}}")).then_some(Cow::Owned(text))
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
