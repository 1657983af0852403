//! The partition that a key belongs to, as the Event Hubs service itself chooses it.

/// The hash of a key, with Bob Jenkins' lookup3 (`hashlittle2`, both seeds 0).
pub(crate) fn hash(key: &str) -> u64 {
    let (c, b) = lookup3(key.as_bytes());
    u64::from(c) << 32 | u64::from(b)
}

/// The index of the partition, of `partitions` in all, for events whose key has this hash; `None` of none.
///
/// The service folds both halves of the hash to 16 bits and takes the remainder as .NET does, sign dropped. Source:
/// Azure/azure-sdk-for-net, `PartitionResolver.cs`.
pub(crate) fn partition(hash: u64, partitions: usize) -> Option<usize> {
    usize::from(folded(hash).unsigned_abs()).checked_rem(partitions)
}

fn folded(hash: u64) -> i16 {
    let [low, high, ..] = (hash ^ (hash >> 32)).to_le_bytes();
    i16::from_le_bytes([low, high])
}

fn lookup3(key: &[u8]) -> (u32, u32) {
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let mut a = 0xDEAD_BEEF_u32.wrapping_add(length);
    let (mut b, mut c) = (a, a);

    // The last block, full or not, is mixed differently; a short one counts as if filled with zeros.
    let mut rest = key;
    while rest.len() > 12 {
        let (block, after) = rest.split_at(12);
        (a, b, c) = add(block, a, b, c);
        (a, b, c) = mix(a, b, c);
        rest = after;
    }
    if rest.is_empty() {
        return (c, b);
    }
    (a, b, c) = add(rest, a, b, c);
    finish(a, b, c)
}

fn add(block: &[u8], a: u32, b: u32, c: u32) -> (u32, u32, u32) {
    let word = |index: usize| {
        (0..4).fold(0_u32, |word, byte| {
            word | u32::from(block.get(index * 4 + byte).copied().unwrap_or_default()) << (8 * byte)
        })
    };
    (a.wrapping_add(word(0)), b.wrapping_add(word(1)), c.wrapping_add(word(2)))
}

fn mix(mut a: u32, mut b: u32, mut c: u32) -> (u32, u32, u32) {
    a = a.wrapping_sub(c) ^ c.rotate_left(4);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(6);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(8);
    b = b.wrapping_add(a);
    a = a.wrapping_sub(c) ^ c.rotate_left(16);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(19);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(4);
    b = b.wrapping_add(a);
    (a, b, c)
}

fn finish(mut a: u32, mut b: u32, mut c: u32) -> (u32, u32) {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    c = (c ^ b).wrapping_sub(b.rotate_left(24));
    (c, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the .NET SDK, `PartitionResolverTests.cs`: the SDKs and the service agree on these.
    #[test]
    fn the_hash_is_that_of_the_service() {
        let vectors = [
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
        for (key, expected) in vectors {
            assert_eq!(folded(hash(key)), expected, "{key}");
        }
    }

    #[test]
    fn every_key_has_a_partition() {
        for partitions in 1..=32 {
            for key in ["", "7", "FWfAT", "GrindingStep"] {
                assert!(partition(hash(key), partitions).unwrap() < partitions);
            }
        }
    }
}
