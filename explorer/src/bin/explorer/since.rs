//! A time on the command line: so long ago, or a moment.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(crate) fn parse(text: &str) -> Result<OffsetDateTime, &'static str> {
    if let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(moment);
    }
    let ago = humantime::parse_duration(text).map_err(|_| "is a time like 24h or 2026-01-31T12:00:00Z")?;
    let ago = time::Duration::try_from(ago).map_err(|_| "is too long ago")?;
    OffsetDateTime::now_utc().checked_sub(ago).ok_or("is too long ago")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_time_ago_or_a_moment() {
        assert_eq!(parse("2026-01-31T13:00:00+01:00"), Ok(datetime!(2026-01-31 12:00 UTC)));
        let ago = OffsetDateTime::now_utc() - parse("24h").unwrap();
        assert!(ago.whole_minutes().abs_diff(24 * 60) <= 1, "{ago}");
        assert!(parse("yesterday").is_err());
        assert!(parse("1000000y").is_err());
    }
}
