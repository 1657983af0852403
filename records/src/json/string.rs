//! Strings taken out of their quotes, many bytes at a time: the host hands over a delivery as one long string.

/// What follows `tokens` in `text`, which begins with them, and the white space around them.
pub fn skip<'a>(text: &'a [u8], tokens: &[&str]) -> Option<&'a [u8]> {
    let trimmed = |text: &'a [u8]| {
        let start = text.iter().position(|&byte| !is_white_space(byte));
        &text[start.unwrap_or(text.len())..]
    };
    tokens.iter().try_fold(trimmed(text), |text, token| text.strip_prefix(token.as_bytes()).map(trimmed))
}

/// The string that `text` begins with, and what follows it.
///
/// `None` where it is no string, and where it holds an escape by number (`\u00e9`), which the host writes for hardly
/// anything: a whole parser shall decide then.
pub fn first_string(text: &[u8]) -> Option<(String, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    // No longer than what it is taken from, and written to by place, which is cheaper than to let it grow.
    let mut string = vec![0; rest.len()];
    let mut length = 0;
    loop {
        let ordinary = match rest.first_chunk() {
            Some(eight) => {
                // All eight are written, since that is one instruction. Those after the first special one don't count.
                *string[length..].first_chunk_mut()? = *eight;
                ordinary(*eight)
            }
            None => 0,
        };
        length += ordinary;
        rest = &rest[ordinary..];
        if ordinary == 8 {
            continue;
        }
        let (byte, after) = match *rest {
            [b'"', ref after @ ..] => {
                string.truncate(length);
                return Some((String::from_utf8(string).ok()?, after));
            }
            [b'\\', escaped, ref after @ ..] => (unescaped(escaped)?, after),
            [byte @ b' '..=u8::MAX, ref after @ ..] => (byte, after),
            _ => return None,
        };
        string[length] = byte;
        length += 1;
        rest = after;
    }
}

/// Whether this may stand between two tokens.
pub(super) fn is_white_space(byte: u8) -> bool {
    // The first comparison is all that most bytes take.
    byte <= b' ' && matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// How many bytes stand before the first that is a quote, a backslash or a control character.
pub(super) fn ordinary_bytes(text: &[u8]) -> usize {
    let mut rest = text;
    while let Some((eight, after)) = rest.split_first_chunk() {
        let ordinary = ordinary(*eight);
        if ordinary < eight.len() {
            return text.len() - rest.len() + ordinary;
        }
        rest = after;
    }
    let is_special = |byte: &u8| matches!(byte, ..b' ' | b'"' | b'\\');
    text.len() - rest.len() + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// The same of eight.
fn ordinary(eight: [u8; 8]) -> usize {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const TOP: u64 = EACH << 7;

    // The well-known test for a byte below another: the borrow sets its top bit. A borrow may reach the bytes after the
    // first that passes, which is the only one that counts.
    let below = |bytes: u64, bound: u8| bytes.wrapping_sub(EACH * u64::from(bound)) & !bytes;
    let flipped = |bits: u8| u64::from_le_bytes(eight) ^ (EACH * u64::from(bits));
    // With this bit flipped the quote stands next to the control characters: one test does for all of them.
    let special = (below(flipped(0x02), b' ' + 1) | below(flipped(b'\\'), 1)) & TOP;
    (special.trailing_zeros() / u8::BITS) as usize
}

fn unescaped(escaped: u8) -> Option<u8> {
    match escaped {
        b'"' | b'\\' | b'/' => Some(escaped),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'b' => Some(0x08),
        b'f' => Some(0x0c),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    /// As a whole parser has it.
    fn expected(text: &[u8]) -> Option<(String, usize)> {
        let mut strings = serde_json::Deserializer::from_slice(text).into_iter::<String>();
        let string = strings.next()?.ok()?;
        Some((string, text.len() - strings.byte_offset()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn a_string_is_what_the_parser_says(
            parts in vec(select(vec![
                "a", "bcdefgh", "0123456789abcdef", "é", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\r", "\\t", " ", "\u{7f}", "]",
            ]), 0..40),
            after in ".{0,20}",
        ) {
            let text = format!("\"{}\"{after}", parts.concat());
            let (string, rest) = first_string(text.as_bytes()).unwrap();
            prop_assert_eq!(Some((string, rest.len())), expected(text.as_bytes()));
            prop_assert_eq!(rest, after.as_bytes());
        }

        #[test]
        fn no_string_is_taken_for_one(
            bytes in vec(select(b"\"\"\"\\\\\\n8tu0 abcdefgh\x00\x1f\x20\x7f\x80\xc3\xa9\xff\n".to_vec()), 0..40),
        ) {
            let text = [b"\"", &bytes[..]].concat();
            if let Some((string, rest)) = first_string(&text) {
                prop_assert_eq!(Some((string, rest.len())), expected(&text));
            } else if let Some(parsed) = expected(&text) {
                prop_assert!(text.contains(&b'u'), "{parsed:?}");
            }
        }
    }

    #[test]
    fn each_byte_is_found_at_each_place() {
        let bytes = *b"\x80\xff !#[]\x7f\x80\xff !#[]\x7f\x80\xff !";
        for place in 0..bytes.len() {
            for byte in 0..=u8::MAX {
                let mut bytes = bytes;
                bytes[place] = byte;
                let special = matches!(byte, 0..b' ' | b'"' | b'\\');
                let expected = if special { place } else { bytes.len() };
                assert_eq!(ordinary_bytes(&bytes), expected, "{byte} at {place}");
            }
        }
    }
}
