//! Values on one line, as records carry them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    members::{NotUnicode, members},
    string::ordinary_bytes,
};

/// The text of null.
pub const NULL: &str = "null";

/// Writes a string, quotes and all.
pub fn write_text(text: &str, out: &mut Vec<u8>) -> serde_json::Result<()> {
    // Nearly always there is nothing to escape.
    if ordinary_bytes(text.as_bytes()) < text.len() {
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
}
