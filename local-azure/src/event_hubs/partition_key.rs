//! Which partition a key belongs to: the hash that the service and every Microsoft SDK use, so that events with one key
//! land in one partition whoever computes it.
//!
//! It is Bob Jenkins' lookup3 (`hashlittle2` with both seeds zero), its two results folded into 16 bits.

/// The partition, out of `partitions`, of the events with this key.
pub(super) fn partition_of(key: &str, partitions: usize) -> usize {
    usize::from(hash(key).unsigned_abs()) % partitions
}

/// The service's hash of a key. Signed, because the service computes the remainder first and drops its sign after.
fn hash(key: &str) -> i16 {
    let (primary, secondary) = lookup3(key.as_bytes());
    let [low, high, ..] = (primary ^ secondary).to_le_bytes();
    i16::from_le_bytes([low, high])
}

fn lookup3(bytes: &[u8]) -> (u32, u32) {
    // The algorithm takes the length modulo 2^32, and no key is that long.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut state = [0xDEAD_BEEF_u32.wrapping_add(length); 3];

    // A short last block counts as if filled with zeros; only what follows it differs from the blocks before.
    let mut blocks = bytes.chunks(12).peekable();
    while let Some(block) = blocks.next() {
        for (word, bytes) in state.iter_mut().zip(block.chunks(4)) {
            let mut padded = [0; 4];
            padded[..bytes.len()].copy_from_slice(bytes);
            *word = word.wrapping_add(u32::from_le_bytes(padded));
        }
        state = if blocks.peek().is_some() { mix(state) } else { finish(state) };
    }

    let [_, secondary, primary] = state;
    (primary, secondary)
}

fn mix([mut a, mut b, mut c]: [u32; 3]) -> [u32; 3] {
    for (first, second, third) in [(4, 6, 8), (16, 19, 4)] {
        a = a.wrapping_sub(c) ^ c.rotate_left(first);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(second);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(third);
        b = b.wrapping_add(a);
    }
    [a, b, c]
}

fn finish([mut a, mut b, mut c]: [u32; 3]) -> [u32; 3] {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    c = (c ^ b).wrapping_sub(b.rotate_left(24));
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::{hash, partition_of};

    /// From the tests of Microsoft's .NET client, which every other client repeats.
    const VECTORS: [(&str, i16); 12] = [
        ("7", -15263),
        ("131", 30562),
        ("7149583486996073602", 12977),
        ("FWfAT", -22341),
        ("sOdeEAsyQoEuEFPGerWO", -6503),
        ("FAyAIctPeCgmiwLKbJcyswoHglHVjQdvtBowLACDNORsYvOcLddNJYDmhAVkbyLOrHTKLneMNcbgWVlasVywOByANjs", 5226),
        (
            "1XYM6!(7(lF5wq4k4m*e$Nc!1ezLJv*1YK1Y-C^*&B$O)lq^iUkG(TNzXG;Zi#z2Og*Qq0#^*k):vXh$3,C7We7%W0meJ;b3,rQCg^J;^twXgs5E$$hWKxqp",
            23950,
        ),
        (
            "E(x;RRIaQcJs*P;D&jTPau-4K04oqr:lF6Z):ERpo&;9040qyV@G1_c9mgOs-8_8/10Fwa-7b7-yP!T-!IH&968)FWuI;(^g$2fN;)HJ^^yTn:",
            -29304,
        ),
        ("!c*_!I@1^c", 15372),
        ("p4*!jioeO/z-!-;w:dh", -3104),
        ("$0cb", 26269),
        ("-4189260826195535198", 453),
    ];

    #[test]
    fn agrees_with_the_published_vectors() {
        for (key, expected) in VECTORS {
            assert_eq!(hash(key), expected, "{key}");
        }
    }

    #[test]
    fn the_sign_is_dropped_after_the_remainder() {
        for (key, hash) in VECTORS {
            for partitions in 1..=32_i32 {
                let expected = (i32::from(hash) % partitions).abs();
                assert_eq!(partition_of(key, partitions.try_into().unwrap()), usize::try_from(expected).unwrap());
            }
        }
    }

    #[test]
    fn an_empty_key_has_a_partition() {
        assert!(partition_of("", 3) < 3);
    }
}
