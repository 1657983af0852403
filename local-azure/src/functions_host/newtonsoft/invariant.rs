//! A value as text in no JSON: `Convert.ToString` of .NET in the invariant culture.

use super::number;
use super::token::Token;

impl Token {
    /// The text of a value that is neither array nor object nor null.
    pub(in super::super) fn invariant_text(&self) -> Option<String> {
        match self {
            Self::Null | Self::Array(_) | Self::Object(_) => None,
            Self::Bool(true) => Some("True".to_owned()),
            Self::Bool(false) => Some("False".to_owned()),
            Self::Integer(text) | Self::String(text) => Some(text.clone()),
            Self::Float(value) => Some(number::invariant(*value)),
            Self::Date(text) => Some(general(text)),
        }
    }
}

/// `MM/dd/yyyy HH:mm:ss`, from a date as it is written in JSON. Fraction and zone are lost.
fn general(date: &str) -> String {
    let part = |from: usize, to: usize| date.get(from..to).unwrap_or_default();
    format!("{}/{}/{} {}", part(5, 7), part(8, 10), part(0, 4), part(11, 19))
}

#[cfg(test)]
mod tests {
    use super::super::{Dates, Reader};

    #[test]
    fn values_become_text() {
        for (json, text) in [
            ("null", None),
            ("[1]", None),
            ("{}", None),
            ("true", Some("True")),
            ("false", Some("False")),
            ("10", Some("10")),
            ("12345678901234567890", Some("12345678901234567890")),
            ("1.0", Some("1")),
            ("-0.0", Some("-0")),
            ("1e15", Some("1E+15")),
            ("1e-7", Some("1E-07")),
            ("1e400", Some("Infinity")),
            (r#""a\"b""#, Some("a\"b")),
            (r#""2024-11-27T22:10:05.1234567+02:00""#, Some("11/27/2024 20:10:05")),
        ] {
            let token = Reader::new(json, Dates::Parsed).value().unwrap();
            assert_eq!(token.invariant_text().as_deref(), text, "{json}");
        }
    }
}
