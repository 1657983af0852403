//! Dates that don't come from JSON: a `DateTime` or `DateTimeOffset` of .NET, and how each is written.

use time::macros::datetime;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::timestamp::iso;

/// A moment in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Moment(PrimitiveDateTime);

impl Moment {
    /// `DateTime.MaxValue`.
    pub(in super::super) const MAX: Self = Self(datetime!(9999-12-31 23:59:59.999_999_9));

    /// A timestamp of AMQP.
    pub(in super::super) fn from_milliseconds(milliseconds: i64) -> Self {
        let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000);
        time.map_or(Self::MAX, |time| Self(PrimitiveDateTime::new(time.date(), time.time())))
    }

    /// The moment so many milliseconds later, or the last one.
    pub(in super::super) fn after(self, milliseconds: u32) -> Self {
        let later = self.0.checked_add(time::Duration::milliseconds(i64::from(milliseconds)));
        later.map_or(Self::MAX, |later| Self(later).min(Self::MAX))
    }

    fn min(self, other: Self) -> Self {
        if self.0 < other.0 { self } else { other }
    }

    /// Without the fraction of its last second, which is what the host makes of the dates of a single message.
    pub(in super::super) fn whole_seconds(self) -> Self {
        Self(self.0.truncate_to_second())
    }

    /// A `DateTime` that doesn't know its zone.
    pub(in super::super) fn unspecified(self) -> String {
        iso(self.0)
    }

    /// A `DateTime` in UTC.
    pub(in super::super) fn utc(self) -> String {
        format!("{}Z", iso(self.0))
    }

    /// A `DateTimeOffset`.
    pub(in super::super) fn with_offset(self) -> String {
        format!("{}+00:00", iso(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn moments_are_written_as_dotnet_writes_them() {
        let moment = Moment::from_milliseconds(1_732_745_405_120);
        assert_eq!(moment.unspecified(), "2024-11-27T22:10:05.12");
        assert_eq!(moment.utc(), "2024-11-27T22:10:05.12Z");
        assert_eq!(moment.whole_seconds().with_offset(), "2024-11-27T22:10:05+00:00");
    }

    #[test]
    fn there_is_a_last_moment() {
        assert_eq!(Moment::MAX.unspecified(), "9999-12-31T23:59:59.9999999");
        assert_eq!(Moment::from_milliseconds(i64::MAX), Moment::MAX);
        assert_eq!(Moment::from_milliseconds(253_402_300_799_000).after(u32::MAX), Moment::MAX);
    }
}
