//! JSON as it usually is, read front to back without a second look at anything.

use serde::Deserialize;
use serde_json::{Deserializer, value::RawValue};

use super::{
    depth::is_too_deep,
    string::{is_white_space, ordinary_bytes},
};

/// A place in a text, from which on it is read.
///
/// Names and texts without escapes are taken as they stand, and values are left to `serde_json`, which also sees whether
/// they are any. Whatever else there is, unusual or wrong, is answered with `None`; the reader is of no use any more then,
/// and who called it reads the text in another way.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Whether nothing follows.
    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// Goes past what `read` goes past, and answers the text of it too.
    pub fn with_text<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<(&'a str, T)> {
        self.skip_white_space();
        let start = self.at;
        let value = read(self)?;
        Some((&self.text[start..self.at], value))
    }

    /// Goes past an object. `read` gets the name of each member and has to go past its value.
    pub fn object(&mut self, mut read: impl FnMut(&'a str, &mut Self) -> Option<()>) -> Option<()> {
        self.sequence(b'{', b'}', |reader| {
            let name = reader.text()?;
            reader.token(b':')?;
            read(name, reader)
        })
    }

    /// Goes past an array. `read` has to go past each of its items.
    pub fn array(&mut self, read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.sequence(b'[', b']', read)
    }

    /// Goes past a string and answers what it holds.
    pub fn text(&mut self) -> Option<&'a str> {
        self.token(b'"')?;
        let start = self.at;
        self.at += ordinary_bytes(&self.text.as_bytes()[start..]);
        let text = &self.text[start..self.at];
        (self.next() == Some(b'"')).then(|| {
            self.at += 1;
            text
        })
    }

    /// Goes past any value that is not too deep and answers its text.
    pub fn value(&mut self) -> Option<&'a RawValue> {
        let mut deserializer = Deserializer::from_str(&self.text[self.at..]);
        let value = <&RawValue>::deserialize(&mut deserializer).ok()?;
        self.at += deserializer.into_iter::<&RawValue>().byte_offset();
        (!is_too_deep(value.get())).then_some(value)
    }

    /// Goes past any value.
    pub fn skip(&mut self) -> Option<()> {
        // Nearly all that is skipped is text.
        let mut past_text = *self;
        if past_text.text().is_some() {
            *self = past_text;
            return Some(());
        }
        self.value().map(drop)
    }

    fn sequence(&mut self, open: u8, close: u8, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.token(open)?;
        if self.token(close).is_some() {
            return Some(());
        }
        loop {
            read(self)?;
            if self.token(b',').is_none() {
                return self.token(close);
            }
        }
    }

    /// Goes past `token`, if it is what stands here after any white space.
    fn token(&mut self, token: u8) -> Option<()> {
        self.skip_white_space();
        (self.next() == Some(token)).then(|| self.at += 1)
    }

    fn skip_white_space(&mut self) {
        while self.next().is_some_and(is_white_space) {
            self.at += 1;
        }
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};
    use serde_json::{Map, Value};

    use super::*;

    /// The value that the reader stands before, read to its last leaf.
    fn read(reader: &mut Reader<'_>) -> Option<Value> {
        let mut members = Map::new();
        let mut ahead = *reader;
        let object = ahead.object(|name, reader| {
            members.insert(name.to_owned(), read(reader)?);
            Some(())
        });
        if object.is_some() {
            *reader = ahead;
            return Some(Value::Object(members));
        }
        let mut items = Vec::new();
        let mut ahead = *reader;
        let array = ahead.array(|reader| {
            items.push(read(reader)?);
            Some(())
        });
        if array.is_some() {
            *reader = ahead;
            return Some(Value::Array(items));
        }
        let mut ahead = *reader;
        if let Some(text) = ahead.text() {
            *reader = ahead;
            return Some(Value::String(text.to_owned()));
        }
        serde_json::from_str(reader.value()?.get()).ok()
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-zé😀 /]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..5).prop_map(Value::from),
                vec(("[a-zé ]{0,12}", inner), 0..5).prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_is_usual_is_read(value in json(), is_spaced in any::<bool>(), after in "[ ,}\\]]{0,3}") {
            let text = if is_spaced { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            let whole = format!(" {text}{after}");
            prop_assert_eq!(Reader::new(&whole).with_text(read), Some((&*text, value)));
            prop_assert_eq!(Reader::new(&whole).with_text(Reader::skip), Some((&*text, ())));
        }

        #[test]
        fn nothing_is_read_that_is_no_json(
            text in vec(select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "\"a\":", "\"b\"", "\"\\n\"", "1", "-", "tru", "null", " ", "\n", "\u{b}", "\u{1}", "é",
            ]), 0..12).prop_map(|parts| parts.concat()),
        ) {
            if let Some((text, value)) = Reader::new(&text).with_text(read) {
                prop_assert_eq!(serde_json::from_str::<Value>(text).unwrap(), value);
            }
            if let Some((text, ())) = Reader::new(&text).with_text(Reader::skip) {
                serde_json::from_str::<Value>(text).unwrap();
            }
        }
    }
}
