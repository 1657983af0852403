//! The value of a property at a time, exact.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The longest text that is kept of a value; the table has all of it.
const LONGEST: usize = 200;

/// What a property was set to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A number. If the shortest way to write it is not how it came, the point has that as well.
    Number(f64),
    /// A string.
    Text(Arc<str>),
    /// Anything else in JSON, as it came: a boolean, an array, an object.
    Json(Arc<str>),
    /// Nothing: the property was removed.
    Removed,
}

impl Value {
    /// Reads a JSON value. The second is the number as it came, where that is not the shortest way to write it.
    pub(crate) fn read(json: &str) -> (Self, Option<Box<str>>) {
        match json.as_bytes().first() {
            Some(b'"') => {
                let text = serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned());
                (Self::Text(shortened(&text).into()), None)
            }
            Some(b'-' | b'0'..=b'9') => match json.parse::<f64>() {
                Ok(number) if number.is_finite() => {
                    let as_received = (number.to_string() != json).then(|| shortened(json).into());
                    (Self::Number(number), as_received)
                }
                // Larger than a double holds: no place on a scale.
                _ => (Self::Text(shortened(json).into()), None),
            },
            None | Some(b'n') => (Self::Removed, None),
            Some(_) if json.len() > LONGEST => (Self::Text(shortened(json).into()), None),
            Some(_) => (Self::Json(json.into()), None),
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// What its text takes in memory, about. Where the text is shared, it is counted more than once.
    pub(crate) fn text_bytes(&self) -> usize {
        const ALLOCATION: usize = 32;
        match self {
            Self::Text(text) | Self::Json(text) => text.len() + ALLOCATION,
            Self::Number(_) | Self::Removed => 0,
        }
    }

    /// The value as a person reads it.
    pub(crate) fn text(&self, as_received: Option<&str>) -> String {
        match self {
            Self::Number(number) => as_received.map_or_else(|| number.to_string(), str::to_owned),
            Self::Text(text) | Self::Json(text) => text.to_string(),
            Self::Removed => String::new(),
        }
    }

    /// The value in JSON, a number digit for digit.
    pub(crate) fn json(&self, as_received: Option<&str>) -> String {
        match self {
            Self::Text(text) => serde_json::Value::from(&**text).to_string(),
            Self::Removed => "null".to_owned(),
            Self::Number(_) | Self::Json(_) => self.text(as_received),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Json(json) => match serde_json::from_str::<&RawValue>(json) {
                Ok(raw) => raw.serialize(serializer),
                Err(_) => serializer.serialize_str(json),
            },
            Self::Removed => serializer.serialize_none(),
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_digit_for_digit() {
        for json in ["204.1187294163", "117", "1.10", "1e3", "-0", "0.1000000000000000055511151231257827"] {
            let (value, as_received) = Value::read(json);
            assert!(value.number().is_some());
            assert_eq!(value.json(as_received.as_deref()), json);
        }
        assert_eq!(Value::read("204.1187294163").1, None, "the usual number costs no text");
    }

    #[test]
    fn what_is_no_number_is_text_json_or_nothing() {
        assert_eq!(Value::read(r#""Running \"fast\"""#).0.json(None), r#""Running \"fast\"""#);
        assert_eq!(Value::read("true").0.json(None), "true");
        assert_eq!(Value::read("[1, 2]").0.json(None), "[1, 2]");
        assert_eq!(Value::read("null").0, Value::Removed);
        assert_eq!(Value::read("1e999").0, Value::Text("1e999".into()));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = Value::read(&format!("\"{}\"", "ü".repeat(300))).0.text(None);
        assert_eq!(text.chars().count(), LONGEST + 1);
        assert!(matches!(Value::read(&format!("[{}]", "1,".repeat(200))).0, Value::Text(_)));
    }
}
