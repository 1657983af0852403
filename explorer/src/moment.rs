//! Points in time: nanoseconds to reckon with, and the text as received to show.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{
    OffsetDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

/// Nanoseconds since 1970, UTC.
pub(crate) type Nanoseconds = i64;

pub(crate) const MILLISECOND: Nanoseconds = 1_000_000;
pub(crate) const SECOND: Nanoseconds = 1_000 * MILLISECOND;

/// As Azure Digital Twins writes times.
const USUAL: &[BorrowedFormatItem] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

/// The time that an RFC 3339 text names; `None` if it names none, or one that nobody will see.
pub(crate) fn parse(text: &str) -> Option<Nanoseconds> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Nanoseconds::try_from(time.unix_timestamp_nanos()).ok()
}

/// Whether `usual` gives this text back.
pub(crate) fn is_usual(text: &str, time: Nanoseconds) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 28 && bytes[10] == b'T' && bytes[19] == b'.' && bytes[27] == b'Z' && time % 100 == 0
}

/// The text of a time with seven digits, as Azure Digital Twins writes it.
pub(crate) fn usual(time: Nanoseconds) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(time.into()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(USUAL).unwrap_or_default()
}

/// The same point in time.
pub(crate) fn of_system(time: SystemTime) -> Nanoseconds {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Nanoseconds::try_from(since.as_nanos()).unwrap_or(Nanoseconds::MAX)
}

/// The same point in time, or the nearest that there is.
pub(crate) fn of_offset(time: OffsetDateTime) -> Nanoseconds {
    let nearest = if time.unix_timestamp() < 0 { Nanoseconds::MIN } else { Nanoseconds::MAX };
    Nanoseconds::try_from(time.unix_timestamp_nanos()).unwrap_or(nearest)
}

/// Milliseconds with what is behind the point, as the page counts.
#[allow(clippy::cast_precision_loss, reason = "a double tells times apart that are a quarter of a microsecond apart")]
pub(crate) fn milliseconds(time: Nanoseconds) -> f64 {
    time as f64 / 1e6
}

/// The inverse, or the nearest that there is.
#[allow(clippy::cast_possible_truncation, reason = "the cast saturates, which is as wide as a window can be")]
pub(crate) fn of_milliseconds(milliseconds: f64) -> Nanoseconds {
    (milliseconds * 1e6) as Nanoseconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_time_is_given_back_as_it_was() {
        for text in ["2021-12-09T20:28:52.9795363Z", "1969-12-31T23:59:59.0000001Z"] {
            let time = parse(text).unwrap();
            assert!(is_usual(text, time));
            assert_eq!(usual(time), text);
        }
    }

    #[test]
    fn any_other_is_known_to_be_unusual() {
        for text in ["2021-12-09T20:28:52Z", "2021-12-09T21:28:52.9795363+01:00", "2021-12-09T20:28:52.979536321Z"] {
            assert!(!is_usual(text, parse(text).unwrap()), "{text}");
        }
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse("9999-12-31T23:59:59Z"), None);
    }
}
