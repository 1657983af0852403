//! How deep JSON may be nested.

/// The deepest nesting that is read. The Functions host stops at 64 (the default of the parser that it uses).
pub const MAX_DEPTH: usize = 128;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert!(!is_too_deep(&"[".repeat(MAX_DEPTH)));
        assert!(is_too_deep(&"[".repeat(MAX_DEPTH + 1)));
        assert!(!is_too_deep(&format!("[\"{}\\\"[\"]", "[".repeat(MAX_DEPTH * 2))));
        assert!(!is_too_deep(&"[]{}".repeat(MAX_DEPTH * 2)));
    }
}
