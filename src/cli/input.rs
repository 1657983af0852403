//! The events in a file, whichever way they are put there.

use serde_json::value::RawValue;
use twin_records::json;

/// A stretch of a file that holds no event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable<'a> {
    pub(super) text: &'a str,
    pub(super) reason: String,
}

/// One event, an array of events, several documents one after another or one a line: each event by itself.
pub(super) fn events(text: &str) -> impl Iterator<Item = Result<&RawValue, Unreadable<'_>>> {
    let events = documents(text).flat_map(|document| match document {
        Ok(document) => match serde_json::from_str::<Vec<_>>(document.get()) {
            Ok(events) => events.into_iter().map(Ok).collect(),
            Err(_) => vec![Ok(document)],
        },
        broken => vec![broken],
    });
    events.map(|event| match event {
        Ok(event) if json::is_too_deep(event.get()) => {
            let reason = format!("It is nested deeper than {} levels.", json::MAX_DEPTH);
            Err(Unreadable { text: event.get(), reason })
        }
        event => event,
    })
}

/// The JSON documents that stand one after another in `text`. After one that is broken, the next line goes on.
fn documents(text: &str) -> impl Iterator<Item = Result<&RawValue, Unreadable<'_>>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|character: char| character.is_ascii_whitespace() || character == '\u{feff}');
        if rest.is_empty() {
            return None;
        }
        let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let document = documents.next()?;
        let end = match &document {
            Ok(_) => documents.byte_offset(),
            Err(_) => rest.find('\n').unwrap_or(rest.len()),
        };
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(document.map_err(|error| Unreadable { text, reason: format!("It is not JSON ({error}).") }))
    })
}

#[cfg(test)]
mod tests;
