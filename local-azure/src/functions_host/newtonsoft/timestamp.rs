//! Dates as Newtonsoft recognises and writes them (`DateTimeParser`, `DateTimeUtils`).

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// The time now, as the host writes it.
pub(in super::super) fn utc_now() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{}Z", iso(PrimitiveDateTime::new(now.date(), now.time())))
}

/// A text that Newtonsoft takes for a date, in the form in which it is written again; `None` for any other text.
///
/// With an offset, the instant moves to the zone of the host, which is UTC in Azure: `…T20:28:52+02:00` becomes
/// `…T18:28:52+00:00`. `Z` stays `Z`, no zone stays none. Zeros at the end of the fraction go; a text with more than
/// seven fraction digits is none of its dates. (`/Date(…)/` is not recognised here: nobody writes it any more.)
pub(super) fn rewritten(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if !(19..=40).contains(&bytes.len()) || !text.is_ascii() {
        return None;
    }
    for (at, separator) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')] {
        if bytes[at] != separator {
            return None;
        }
    }
    let number = |from: usize, to: usize| digits(&text[from..to]);
    let year = i32::try_from(number(0, 4)?).ok().filter(|year| *year > 0)?;
    let month = Month::try_from(u8::try_from(number(5, 7)?).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(number(8, 10)?).ok()?).ok()?;
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let (ticks, zone) = fraction(&text[19..])?;
    // 24:00:00 is the midnight after.
    let midnight_after = hour == 24 && minute == 0 && second == 0 && ticks == 0;
    if (hour > 23 && !midnight_after) || minute > 59 || second > 59 {
        return None;
    }
    let since_midnight = Duration::seconds(i64::from(hour * 3600 + minute * 60 + second))
        + Duration::nanoseconds(i64::from(ticks) * 100);
    let local = PrimitiveDateTime::new(date, Time::MIDNIGHT).checked_add(since_midnight)?;
    match zone {
        "" => Some(iso(local)),
        "Z" | "z" => Some(format!("{}Z", iso(local))),
        _ => Some(format!("{}+00:00", iso(local.checked_sub(offset(zone)?)?))),
    }
}

/// `yyyy-MM-ddTHH:mm:ss` with up to seven fraction digits, without zeros at the end.
pub(super) fn iso(time: PrimitiveDateTime) -> String {
    let fraction = format!(".{:07}", time.nanosecond() / 100);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        fraction.trim_end_matches('0').trim_end_matches('.')
    )
}

/// Takes an optional fraction of a second, in ticks of 100 ns, from the front; what is left is the zone.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(text) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let length = text.bytes().take(7).take_while(u8::is_ascii_digit).count();
    let (fraction, zone) = text.split_at(length);
    digits(&format!("{fraction:0<7}")).filter(|_| length > 0).map(|ticks| (ticks, zone))
}

/// `+hh`, `+hhmm` or `+hh:mm`, either sign.
fn offset(zone: &str) -> Option<Duration> {
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = zone.get(1..3)?;
    let minutes = match zone.get(3..)? {
        "" => "00",
        rest => rest.strip_prefix(':').unwrap_or(rest),
    };
    if minutes.len() != 2 {
        return None;
    }
    Some(Duration::minutes(i64::from(digits(hours)? * 60 + digits(minutes)?) * sign))
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    #[test]
    fn dates_are_written_in_another_form() {
        for (read, written) in [
            ("2021-12-09T20:28:52.9795363+02:00", "2021-12-09T18:28:52.9795363+00:00"),
            ("2021-12-09T20:28:52.9795363Z", "2021-12-09T20:28:52.9795363Z"),
            ("2021-12-09T20:28:52.1000000Z", "2021-12-09T20:28:52.1Z"),
            ("2021-12-09T20:28:52.000", "2021-12-09T20:28:52"),
            ("2021-12-09T20:28:52-0330", "2021-12-09T23:58:52+00:00"),
            ("2021-12-09T20:28:52+02", "2021-12-09T18:28:52+00:00"),
            ("2021-12-31T24:00:00Z", "2022-01-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(rewritten(read).as_deref(), Some(written), "{read}");
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "2021-12-09",
            "2021-12-09 20:28:52Z",
            "2021-02-30T20:28:52Z",
            "2021-12-09T20:28:52.Z",
            "2021-12-09T20:28:52.12345678Z",
            "2021-12-09T20:60:52Z",
            "2021-12-09T24:00:01Z",
            "0000-01-01T00:00:00Z",
            "2021-12-09T20:28:52+2:00",
            "2021-12-09T20:28:52é",
        ] {
            assert_eq!(rewritten(text), None, "{text}");
        }
    }
}
