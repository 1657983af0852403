//! From text to [`Token`]s, with the limits of Newtonsoft's `JsonTextReader`.
//!
//! Only standard JSON is read. Newtonsoft also takes comments, single quotes, bare names and hexadecimal numbers; no
//! sender of events writes those, and here they are [`Malformed`].

use super::{
    timestamp,
    token::{Members, Token},
};

/// How deep arrays and objects may nest (`JsonReader.MaxDepth`).
const MAX_DEPTH: usize = 64;

/// How many characters an integer may have (`MaximumJavascriptIntegerCharacterLength`).
const MAX_INTEGER_LENGTH: usize = 380;

/// What happens to texts that look like an ISO 8601 date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Dates {
    /// They stay as they are: how the Event Grid extension reads events since its version 3.4.3.
    Verbatim,
    /// They become dates and are written in another form: how the host reads the answers of a handler.
    Parsed,
}

/// The text is no JSON, or is beyond the limits.
#[derive(Debug, thiserror::Error)]
#[error("{reason} at byte {at}")]
pub(in super::super) struct Malformed {
    reason: &'static str,
    at: usize,
}

impl Token {
    /// Reads a text that must hold one JSON value and nothing after it. Dates stay texts.
    pub(in super::super) fn parse(text: &str) -> Result<Self, Malformed> {
        Self::parse_with(text, Dates::Verbatim)
    }

    /// The same with a choice of what happens to dates.
    pub(in super::super) fn parse_with(text: &str, dates: Dates) -> Result<Self, Malformed> {
        let mut reader = Reader::new(text, dates);
        let token = reader.value()?;
        reader.end()?;
        Ok(token)
    }
}

/// Reads one value after the other; text behind the last value that was asked for stays unread.
pub(in super::super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    dates: Dates,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `text`.
    pub(in super::super) fn new(text: &'a str, dates: Dates) -> Self {
        Self { text, at: 0, depth: 0, dates }
    }

    /// Reads the next value.
    pub(in super::super) fn value(&mut self) -> Result<Token, Malformed> {
        self.skip_whitespace();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(self.string_or_date()?),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Token::Bool(true)),
            Some(b'f') => self.literal("false", Token::Bool(false)),
            Some(b'n') => self.literal("null", Token::Null),
            Some(_) => self.malformed("unexpected character"),
            None => self.malformed("unexpected end"),
        }
    }

    /// Demands that only whitespace is left.
    pub(in super::super) fn end(&mut self) -> Result<(), Malformed> {
        self.skip_whitespace();
        if self.at == self.text.len() { Ok(()) } else { self.malformed("text after the value") }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Token, Malformed>) -> Result<Token, Malformed> {
        if self.depth == MAX_DEPTH {
            return self.malformed("more than 64 levels");
        }
        self.depth += 1;
        self.at += 1;
        let token = read(self);
        self.depth -= 1;
        token
    }

    fn object(&mut self) -> Result<Token, Malformed> {
        let mut members = Members::new();
        if self.take_after_whitespace(b'}') {
            return Ok(Token::Object(members));
        }
        loop {
            self.skip_whitespace();
            let name = self.string()?;
            if !self.take_after_whitespace(b':') {
                return self.malformed("expected `:`");
            }
            let value = self.value()?;
            members.insert(name, value);
            if self.take_after_whitespace(b'}') {
                return Ok(Token::Object(members));
            }
            if !self.take_after_whitespace(b',') {
                return self.malformed("expected `,` or `}`");
            }
        }
    }

    fn array(&mut self) -> Result<Token, Malformed> {
        let mut items = Vec::new();
        if self.take_after_whitespace(b']') {
            return Ok(Token::Array(items));
        }
        loop {
            items.push(self.value()?);
            if self.take_after_whitespace(b']') {
                return Ok(Token::Array(items));
            }
            if !self.take_after_whitespace(b',') {
                return self.malformed("expected `,` or `]`");
            }
        }
    }

    fn literal(&mut self, literal: &str, token: Token) -> Result<Token, Malformed> {
        if !self.rest().starts_with(literal) {
            return self.malformed("unexpected character");
        }
        self.at += literal.len();
        Ok(token)
    }

    fn number(&mut self) -> Result<Token, Malformed> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        let mut integer = true;
        if self.take(b'.') {
            integer = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            integer = false;
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let digits = &self.text[start..self.at];
        match digits {
            // An integer knows no sign of zero; -0.0 keeps it.
            "-0" => Ok(Token::Integer("0".to_owned())),
            _ if integer && digits.len() > MAX_INTEGER_LENGTH => self.malformed("integer of more than 380 characters"),
            _ if integer => Ok(Token::Integer(digits.to_owned())),
            _ => digits.parse().map(Token::Float).or_else(|_| self.malformed("not a number")),
        }
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { self.malformed("expected a digit") }
    }

    fn string_or_date(&mut self) -> Result<Token, Malformed> {
        let text = self.string()?;
        if self.dates == Dates::Parsed
            && let Some(date) = timestamp::rewritten(&text)
        {
            return Ok(Token::Date(date));
        }
        Ok(Token::String(text))
    }

    fn string(&mut self) -> Result<String, Malformed> {
        if !self.take(b'"') {
            return self.malformed("expected `\"`");
        }
        let mut string = String::new();
        loop {
            let Some(plain) = self.rest().find(['"', '\\']) else {
                return self.malformed("unterminated string");
            };
            string.push_str(&self.rest()[..plain]);
            self.at += plain;
            if self.take(b'"') {
                return Ok(string);
            }
            self.at += 1;
            string.push(self.escape()?);
        }
    }

    /// Reads what follows a backslash. Half of a surrogate pair becomes U+FFFD, as in Newtonsoft.
    fn escape(&mut self) -> Result<char, Malformed> {
        let Some(byte) = self.peek() else {
            return self.malformed("unterminated string");
        };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.code_unit()?;
                if let Some(character) = char::from_u32(unit) {
                    return Ok(character);
                }
                self.low_surrogate_of(unit)?.unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return self.malformed("unknown escape"),
        })
    }

    /// The character that the surrogate `high` begins, if its other half follows; otherwise nothing is consumed.
    fn low_surrogate_of(&mut self, high: u32) -> Result<Option<char>, Malformed> {
        if high >= 0xDC00 || !self.rest().starts_with("\\u") {
            return Ok(None);
        }
        let before = self.at;
        self.at += 2;
        let low = self.code_unit()?;
        if (0xDC00..0xE000).contains(&low) {
            return Ok(char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)));
        }
        self.at = before;
        Ok(None)
    }

    fn code_unit(&mut self) -> Result<u32, Malformed> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(unit) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return self.malformed("expected four hexadecimal digits");
        };
        self.at += 4;
        Ok(unit)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn take_after_whitespace(&mut self, byte: u8) -> bool {
        self.skip_whitespace();
        self.take(byte)
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn malformed<T>(&self, reason: &'static str) -> Result<T, Malformed> {
        Err(Malformed { reason, at: self.at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Token> {
        Token::parse(text).ok()
    }

    fn string(text: &str) -> Token {
        Token::String(text.to_owned())
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "not json",
            "[1",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "nul",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "1 2",
            "[]x",
        ] {
            assert!(parsed(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_name_that_occurs_twice_keeps_its_place_and_takes_the_last_value() {
        let token = Token::parse(r#"{"b":1,"a":2,"b":3}"#).unwrap();
        assert_eq!(token.to_string(), r#"{"b":3,"a":2}"#);
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        assert_eq!(Token::parse(r#""\ud83d\ude00""#).unwrap(), string("😀"));
        assert_eq!(Token::parse(r#""\ud83dx""#).unwrap(), string("\u{fffd}x"));
        assert_eq!(Token::parse(r#""\ud83d\ud83d\ude00""#).unwrap(), string("\u{fffd}😀"));
        assert_eq!(Token::parse(r#""\ude00\u0041""#).unwrap(), string("\u{fffd}A"));
    }

    #[test]
    fn depth_and_length_are_limited() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parsed(&nested(64)).is_some());
        assert!(parsed(&nested(65)).is_none());
        assert!(parsed(&"9".repeat(380)).is_some());
        assert!(parsed(&"9".repeat(381)).is_none());
    }

    #[test]
    fn text_behind_a_value_can_be_left_alone() {
        let mut reader = Reader::new("{} x", Dates::Parsed);
        assert_eq!(reader.value().unwrap(), Token::object([]));
        assert!(reader.end().is_err());
    }
}
