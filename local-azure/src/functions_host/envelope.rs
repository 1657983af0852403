//! The body that the host posts to a custom handler: `{"Data":{"<binding>":…},"Metadata":{…}}`.
//!
//! `Metadata` is what the trigger tells of its events, then `sys`, then what the host believes to find in the event
//! itself, then `RetryContext`. The rule for a value is that of `ScriptInvocationContextExtensions`: an object stays one,
//! bytes become base64, a date loses its fraction, and all else is written into a string.

use uuid::Uuid;

use super::newtonsoft::{Dates, Members, Token, utc_now};

/// What a trigger tells of its events. Names differ in more than case.
#[derive(Debug, Default)]
pub(super) struct Metadata(Members);

/// What the handler gets under the name of the binding.
#[derive(Debug, PartialEq)]
pub(super) struct Data {
    /// As it is posted.
    pub(super) value: Token,
    /// The text that the host had in hand, in which it looks for more metadata.
    pub(super) text: Option<String>,
}

impl Metadata {
    /// Adds a value by the rule; `null` is left out.
    pub(super) fn add(&mut self, name: &str, value: Token) {
        let value = match value {
            Token::Null => return,
            Token::Object(_) => value,
            other => as_text(&other),
        };
        self.0.insert(name.to_owned(), value);
    }

    /// Adds a date, which is already in the form in which it is written.
    pub(super) fn add_date(&mut self, name: &str, date: String) {
        self.0.insert(name.to_owned(), Token::String(date));
    }

    /// Adds the members of a text that is a JSON object: they replace what was there, whatever its case, which is how an
    /// event can pass itself off as another. Arrays are no such members (`Utility.ApplyBindingData`).
    fn add_members_of(&mut self, text: &str) {
        let Ok(Token::Object(members)) = Token::parse_with(text, Dates::Parsed) else { return };
        for (name, value) in members {
            let value = match value {
                Token::Object(_) => value,
                other => match other.invariant_text() {
                    Some(text) => as_text(&Token::String(text)),
                    None => continue,
                },
            };
            let same = |other: &&String| other.to_uppercase() == name.to_uppercase();
            let name = self.0.keys().find(same).cloned().unwrap_or(name);
            self.0.insert(name, value);
        }
    }
}

/// The body of the request that invokes the function. `retry` is the `RetryContext`.
pub(super) fn envelope(
    function: &str,
    binding: &str,
    data: Data,
    mut metadata: Metadata,
    retry: Option<Token>,
) -> String {
    let sys = Token::object([
        ("MethodName", Token::String(function.to_owned())),
        ("UtcNow", Token::String(utc_now())),
        ("RandGuid", Token::String(Uuid::new_v4().to_string())),
    ]);
    metadata.add("sys", sys);
    if let Some(text) = &data.text {
        metadata.add_members_of(text);
    }
    // The host takes a name that ends so for that of the trigger, which is in `Data`.
    metadata.0.retain(|name, _| !name.to_lowercase().ends_with("trigger"));
    metadata.0.extend(retry.map(|retry| ("RetryContext".to_owned(), retry)));
    let data = Token::object([(binding, data.value)]);
    Token::object([("Data", data), ("Metadata", Token::Object(metadata.0))]).to_string()
}

/// A value written into a string.
pub(super) fn as_text(token: &Token) -> Token {
    Token::String(token.to_string())
}
