//! Times as text.

use time::{OffsetDateTime, UtcOffset};

/// A time as Azure Digital Twins writes its own: seven digits, UTC.
pub fn time_stamp(time: OffsetDateTime) -> String {
    let time = time.to_offset(UtcOffset::UTC);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second, nanosecond) = time.to_hms_nano();
    let (month, fraction) = (u8::from(month), nanosecond / 100);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:07}Z")
}
