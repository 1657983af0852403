//! From [`Token`]s to compact text, with the escapes of Newtonsoft's `JsonTextWriter`.

use std::fmt::{Display, Formatter, Result, Write};

use super::{number, token::Token};

/// Compact JSON (`Formatting.None`).
impl Display for Token {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Integer(digits) => out.write_str(digits),
            Self::Float(value) => out.write_str(&number::written(*value)),
            Self::String(text) | Self::Date(text) => write_string(out, text),
            Self::Array(items) => {
                out.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    separate(out, index)?;
                    write!(out, "{item}")?;
                }
                out.write_char(']')
            }
            Self::Object(members) => {
                out.write_char('{')?;
                for (index, (name, value)) in members.iter().enumerate() {
                    separate(out, index)?;
                    write_string(out, name)?;
                    write!(out, ":{value}")?;
                }
                out.write_char('}')
            }
        }
    }
}

fn separate(out: &mut Formatter<'_>, index: usize) -> Result {
    if index == 0 { Ok(()) } else { out.write_char(',') }
}

/// Escapes what JSON demands and the three line ends that JavaScript knows besides; all else stays as it is.
fn write_string(out: &mut Formatter<'_>, text: &str) -> Result {
    out.write_char('"')?;
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        let escaped = matches!(character, '"' | '\\' | '\0'..='\x1f' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if !escaped {
            continue;
        }
        out.write_str(&text[plain..at])?;
        plain = at + character.len_utf8();
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\x08' => out.write_str("\\b")?,
            '\x0c' => out.write_str("\\f")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            other => write!(out, "\\u{:04x}", u32::from(other))?,
        }
    }
    out.write_str(&text[plain..])?;
    out.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn whitespace_goes_and_escapes_are_normalised() {
        let text = r#" { "\u0041\/é" : [ true , null , "\u0000\u001F\b\t\n\f\r\"\\\u2028\u0085<>&'\u007f" ] } "#;
        let expected = "{\"A/é\":[true,null,\"\\u0000\\u001f\\b\\t\\n\\f\\r\\\"\\\\\\u2028\\u0085<>&'\u{7f}\"]}";
        assert_eq!(Token::parse(text).unwrap().to_string(), expected);
    }
}
