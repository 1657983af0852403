//! Times as the service writes them: seven digits of a second and `Z`.

use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// The time of an Event Grid event that has none (telemetry).
pub(super) const YEAR_ONE: &str = "0001-01-01T00:00:00Z";

/// The time now.
pub fn now() -> String {
    let seven_digits = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");
    OffsetDateTime::now_utc().format(&seven_digits).unwrap_or_else(|_| YEAR_ONE.to_owned())
}

pub(super) fn is_valid(text: &str) -> bool {
    OffsetDateTime::parse(text, &Rfc3339).is_ok()
}
