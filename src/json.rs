//! JSON text, kept as it came.
//!
//! History must not change a digit on its way (`1.10` is not `1.1` to whoever entered it), so values never become
//! numbers here: every step passes [`RawValue`]s on, borrowed from the delivery's own text.

use std::{borrow::Cow, collections::HashMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

mod reader;
mod string;

pub use reader::Reader;
pub use string::{first_string, skip};

/// The members of an object, in the order in which they stand.
pub type Members<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

/// The text of null.
pub const NULL: &str = "null";

/// The deepest nesting that is read. The Functions host stops at 64 (the default of the parser that it uses).
pub const MAX_DEPTH: usize = 128;

/// A member's name holds half of a surrogate pair, which is no Unicode text.
#[derive(Debug, PartialEq, Eq)]
pub struct NotUnicode;

/// The members of `value` if it is an object, else `None`.
///
/// Of a name that is given twice the last value counts, in the first one's place, as the Functions host has it.
pub fn members(value: &RawValue) -> Result<Option<Members<'_>>, NotUnicode> {
    if !value.get().starts_with('{') {
        return Ok(None);
    }
    let InOrder(members) = serde_json::from_str(value.get()).map_err(|_| NotUnicode)?;
    Ok(Some(members))
}

/// The members of an object by name.
#[derive(Debug, Default)]
pub struct Fields<'a>(Members<'a>);

impl<'a> Fields<'a> {
    /// The fields of `value`; of anything that is no object, none.
    pub fn of(value: &'a RawValue) -> Result<Self, NotUnicode> {
        Ok(Self(members(value)?.unwrap_or_default()))
    }

    /// The value of a member, be it null.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(candidate, _)| candidate == name).map(|&(_, value)| value)
    }

    /// The value of a member that is a string.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(text)
    }
}

/// `value` as text if it is a string, else `None`.
pub fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let quoted = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if quoted.as_bytes().contains(&b'\\') {
        serde_json::from_str(value.get()).ok()
    } else {
        Some(Cow::Borrowed(quoted))
    }
}

/// Writes a string, quotes and all.
pub fn write_text(text: &str, out: &mut Vec<u8>) -> serde_json::Result<()> {
    // Nearly always there is nothing to escape.
    if string::ordinary_bytes(text.as_bytes()) < text.len() {
        return serde_json::to_writer(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

/// `value` without the white space between its tokens, so that a record stays on one line.
pub fn compact(value: &RawValue) -> Cow<'_, RawValue> {
    if !value.get().starts_with(['{', '[']) {
        return Cow::Borrowed(value);
    }
    let mut in_string = false;
    let mut escaped = false;
    let mut kept = String::new();
    let mut copied = 0;
    for (at, byte) in value.get().bytes().enumerate() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            kept.push_str(&value.get()[copied..at]);
            copied = at + 1;
        } else {
            in_string = byte == b'"';
        }
    }
    if copied == 0 {
        return Cow::Borrowed(value);
    }
    kept.push_str(&value.get()[copied..]);
    RawValue::from_string(kept).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// `value` on one line, without the members of its objects that are `left_out`. Arrays are values as a whole: nothing
/// inside them is left out.
pub fn without(value: &RawValue, left_out: fn(&str) -> bool) -> Result<Cow<'_, RawValue>, NotUnicode> {
    fn write(value: &RawValue, left_out: fn(&str) -> bool, out: &mut String) -> Result<(), NotUnicode> {
        let Some(members) = members(value)? else {
            out.push_str(compact(value).get());
            return Ok(());
        };
        out.push('{');
        let mut separator = "";
        for (name, value) in members.iter().filter(|(name, _)| !left_out(name)) {
            out.push_str(separator);
            out.push_str(&serde_json::to_string(name).map_err(|_| NotUnicode)?);
            out.push(':');
            write(value, left_out, out)?;
            separator = ",";
        }
        out.push('}');
        Ok(())
    }

    let mut out = String::with_capacity(value.get().len());
    write(value, left_out, &mut out)?;
    RawValue::from_string(out).map(Cow::Owned).map_err(|_| NotUnicode)
}

/// Whether arrays and objects in `text` are nested deeper than [`MAX_DEPTH`].
pub fn is_too_deep(text: &str) -> bool {
    /// So many brackets can be counted in a byte, and so looked at sixteen at a time.
    const STRETCH: usize = 240;

    if text.len() <= MAX_DEPTH {
        return false;
    }
    // Few brackets can't be deep, and counting them is many times faster than following them.
    let brackets = |stretch: &[u8]| stretch.iter().map(|byte| u8::from(matches!(byte, b'[' | b'{'))).sum::<u8>();
    if text.as_bytes().chunks(STRETCH).map(|stretch| usize::from(brackets(stretch))).sum::<usize>() <= MAX_DEPTH {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// Whether this may stand between two tokens.
fn is_white_space(byte: u8) -> bool {
    // The first comparison is all that most bytes take.
    byte <= b' ' && matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// A string that borrows where it holds no escapes. (A `Cow<str>` in a map never borrows; this does.)
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        InOrder::deserialize(deserializer).map(|InOrder(members)| Self(members))
    }
}

/// The members of an object, whatever their names.
struct InOrder<'a>(Members<'a>);

impl<'de> Deserialize<'de> for InOrder<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = InOrder<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(InOrder(last_wins(members)))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

/// Of members with the same name, the last value in the first one's place.
fn last_wins(members: Members<'_>) -> Members<'_> {
    // Nearly every object is small and repeats nothing; comparing is then cheaper than hashing.
    let repeats =
        |(index, (name, _)): (usize, &(Cow<'_, str>, _))| members[..index].iter().any(|(other, _)| other == name);
    if members.len() <= 16 && !members.iter().enumerate().any(repeats) {
        return members;
    }
    let mut places = HashMap::with_capacity(members.len());
    for (index, (name, value)) in members.iter().enumerate() {
        places.entry(name).or_insert((index, value)).1 = value;
    }
    if places.len() == members.len() {
        return members;
    }
    let mut places: Vec<_> = places.into_iter().map(|(name, (index, &value))| (index, name.clone(), value)).collect();
    places.sort_unstable_by_key(|&(index, ..)| index);
    places.into_iter().map(|(_, name, value)| (name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn compact_drops_white_space_between_tokens_only() {
        let spaced = raw("[ 1.10 ,\n\"a b\\\" c\\\\\" ,\t{ \"k \" : [ ] } ]");
        assert_eq!(compact(&spaced).get(), r#"[1.10,"a b\" c\\",{"k ":[]}]"#);
        let dense = raw(r#"{"a":"b c"}"#);
        assert!(matches!(compact(&dense), Cow::Borrowed(_)));
    }

    #[test]
    fn members_keep_their_order_and_their_digits() {
        let object = raw(r#"{"z":1.10,"a\u0041":1e400,"b":null}"#);
        let members = members(&object).unwrap().unwrap();
        let seen: Vec<_> = members.iter().map(|(name, value)| (&**name, value.get())).collect();
        assert_eq!(seen, [("z", "1.10"), ("aA", "1e400"), ("b", "null")]);
    }

    #[test]
    fn of_a_name_given_twice_the_last_value_counts_in_the_first_place() {
        let object = raw(r#"{"b":1,"a":2,"\u0062":3,"c":4,"a":5}"#);
        let members = members(&object).unwrap().unwrap();
        let seen: Vec<_> = members.iter().map(|(name, value)| (&**name, value.get())).collect();
        assert_eq!(seen, [("b", "3"), ("a", "5"), ("c", "4")]);
    }

    #[test]
    fn only_objects_have_members() {
        for text in ["[]", "1", "null", "\"{}\""] {
            assert!(members(&raw(text)).unwrap().is_none(), "{text}");
        }
        assert!(members(&raw(r#"{"\ud800":1}"#)).is_err());
    }

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert!(!is_too_deep(&"[".repeat(MAX_DEPTH)));
        assert!(is_too_deep(&"[".repeat(MAX_DEPTH + 1)));
        assert!(!is_too_deep(&format!("[\"{}\\\"[\"]", "[".repeat(MAX_DEPTH * 2))));
        assert!(!is_too_deep(&"[]{}".repeat(MAX_DEPTH * 2)));
    }
}
