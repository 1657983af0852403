//! The members of an event, each in the words in which it was published: a number keeps its digits.

use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// The members of a JSON object, in its order, with the JSON of their values.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "IndexMap<String, Box<RawValue>>")]
pub(super) struct Members(IndexMap<String, String>);

impl Members {
    /// A string; `None` if there is no such member, or if it is `null`.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, serde_json::Error> {
        self.0.get(name).map_or(Ok(None), |json| serde_json::from_str(json))
    }

    pub(super) fn insert(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into().to_string());
    }
}

impl From<IndexMap<String, Box<RawValue>>> for Members {
    fn from(members: IndexMap<String, Box<RawValue>>) -> Self {
        Self(members.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect())
    }
}

/// The object.
impl fmt::Display for Members {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            write!(out, "{before}{}:{value}", Value::from(name.as_str()))?;
        }
        out.write_str(if self.0.is_empty() { "{}" } else { "}" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written() {
        for json in ["{}", r#"{"b":1.10,"a\"é":[1e400, 12345678901234567890123],"c":{"x": -0.0}}"#] {
            assert_eq!(serde_json::from_str::<Members>(json).unwrap().to_string(), json);
        }
    }

    #[test]
    fn a_member_keeps_its_place_when_it_changes() {
        let mut members: Members = serde_json::from_str(r#"{"a":null,"b":1,"c":"d"}"#).unwrap();
        members.insert("a", "x");
        members.insert("e", 2);
        assert_eq!(members.to_string(), r#"{"a":"x","b":1,"c":"d","e":2}"#);
        assert_eq!(members.text("c").unwrap().as_deref(), Some("d"));
        assert_eq!(members.text("z").unwrap(), None);
        assert!(members.text("b").is_err());
    }
}
