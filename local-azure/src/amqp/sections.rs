//! The sections of an encoded message, told apart without decoding them: most events are only kept, or passed on.
//!
//! Source: OASIS, "AMQP Version 1.0", part 1.2 (type encodings) and 3.2 (message format).

use std::ops::RangeInclusive;

/// The descriptor of the header.
pub(crate) const HEADER: u8 = 0x70;

/// The descriptor of the section that holds the message's annotations.
pub(crate) const MESSAGE_ANNOTATIONS: u8 = 0x72;

/// The descriptors of all sections, from header to footer.
const SECTIONS: RangeInclusive<u8> = 0x70..=0x78;

/// The sections of a message, each with its descriptor and as encoded. `None` if this is no message.
pub(crate) fn sections(mut message: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut sections = Vec::with_capacity(4);
    while !message.is_empty() {
        // A described value with a small descriptor, `smallulong`: that is how all libraries write sections.
        let [0x00, 0x53, descriptor, value @ ..] = message else { return None };
        if !SECTIONS.contains(descriptor) {
            return None;
        }
        let (section, rest) = message.split_at_checked(3 + size(value)?)?;
        sections.push((*descriptor, section));
        message = rest;
    }
    Some(sections)
}

/// The bytes of the value at the beginning, its constructor included. The upper half of the constructor says where its
/// size is to be found.
pub(crate) fn size(value: &[u8]) -> Option<usize> {
    let (constructor, rest) = value.split_first()?;
    let content = match constructor >> 4 {
        0x4 => 0,
        0x5 => 1,
        0x6 => 2,
        0x7 => 4,
        0x8 => 8,
        0x9 => 16,
        0xa | 0xc | 0xe => 1 + usize::from(*rest.first()?),
        0xb | 0xd | 0xf => 4 + usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?,
        _ => return None,
    };
    Some(1 + content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_told_apart() {
        let message = [
            &[0x00, 0x53, 0x72, 0xc1, 0x01, 0x00][..],
            &[0x00, 0x53, 0x73, 0x45],
            &[0x00, 0x53, 0x75, 0xb0, 0, 0, 0, 2, 1, 2],
            &[0x00, 0x53, 0x75, 0xa0, 1, 3],
            &[0x00, 0x53, 0x77, 0x80, 0, 0, 0, 0, 0, 0, 0, 1],
        ];
        let expected: Vec<_> = message.iter().map(|section| (section[2], *section)).collect();
        assert_eq!(sections(&message.concat()), Some(expected));
    }

    #[test]
    fn what_is_no_message_has_none() {
        let ends_early = [0x00, 0x53, 0x75, 0xb0, 0, 0, 0, 9, 1];
        let no_section = [0x00, 0x53, 0x10, 0x45];
        let no_type = [0x00, 0x53, 0x75, 0x15];
        for bytes in [&ends_early[..], &no_section, &no_type, b"not a message", &[0x00]] {
            assert_eq!(sections(bytes), None, "{bytes:?}");
        }
    }
}
