//! A size on the command line.

const UNITS: [(&str, usize); 6] =
    [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];

/// Less would not hold what is known of a few thousand twins.
const LEAST: usize = 16 << 20;

pub(crate) fn parse(text: &str) -> Result<usize, &'static str> {
    let of_unit = |(unit, factor): &(&str, usize)| Some((text.strip_suffix(unit)?, *factor));
    let (number, factor) = UNITS.iter().find_map(of_unit).ok_or("is a size like 512MiB or 2GiB")?;
    let number: usize = number.trim().parse().map_err(|_| "is a size like 512MiB or 2GiB")?;
    let bytes = number.checked_mul(factor).ok_or("is more than there can be")?;
    if bytes < LEAST { Err("is at least 16MiB") } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_size_has_a_unit() {
        assert_eq!(parse("512MiB"), Ok(536_870_912));
        assert_eq!(parse("2 GB"), Ok(2_000_000_000));
        assert!(parse("512").is_err() && parse("lots").is_err() && parse("-1GiB").is_err());
        assert_eq!(parse("15MiB"), Err("is at least 16MiB"));
        assert_eq!(parse("99999999999999GiB"), Err("is more than there can be"));
    }
}
