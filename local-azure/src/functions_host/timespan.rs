//! Durations as `host.json` writes them, which is .NET's `TimeSpan`: `[d.]hh:mm:ss[.fff]`.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};

/// Reads a time span; `None` if it is none, or negative.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let (days, time) = match text.split_once('.') {
        Some((days, rest)) if rest.contains(':') => (days.parse::<u64>().ok()?, rest),
        _ => (0, text),
    };
    let mut parts = time.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some() {
        return None;
    }
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds: f64 = seconds.parse().ok()?;
    if hours > 23 || minutes > 59 || !(0.0..60.0).contains(&seconds) {
        return None;
    }
    let whole = Duration::from_secs((days * 24 + hours) * 3600 + minutes * 60);
    Some(whole + Duration::from_secs_f64(seconds))
}

/// Reads a field that holds a time span.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no time span such as \"00:05:00\"")))
}

/// Writes a time span as .NET does.
pub(super) fn format(span: Duration) -> String {
    let seconds = span.as_secs();
    let days = if seconds < 86_400 { String::new() } else { format!("{}.", seconds / 86_400) };
    let ticks = span.subsec_nanos() / 100;
    let fraction = if ticks == 0 { String::new() } else { format!(".{ticks:07}") };
    format!("{days}{:02}:{:02}:{:02}{fraction}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_are_read_and_written() {
        for (text, milliseconds) in [("00:05:00", 300_000), ("1.02:03:04", 93_784_000), ("00:00:01.5000000", 1_500)] {
            let span = parse(text).unwrap();
            assert_eq!(span, Duration::from_millis(milliseconds));
            assert_eq!(format(span), text);
        }
        for text in ["", "5", "-1", "00:60:00", "00:00:61", "24:00:00", "1:2:3:4", "00:00:NaN"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
