//! The queries of the API, taken apart.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::{
    curve::{Interval, Window},
    moment::{self, Nanoseconds, SECOND},
    problem::Problem,
};

/// Up to how many series one request may name.
const MOST_SERIES: usize = 50;

/// The name of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) twin: String,
    pub(crate) key: String,
}

/// A query's pairs, each of which has to be used.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Query<'a> {
    /// Takes a query apart that may have these names.
    pub(crate) fn parse(query: Option<&'a str>, names: &[&str]) -> Result<Self, Problem> {
        let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        match pairs.iter().find(|(name, _)| !names.contains(&&**name)) {
            Some((name, _)) => Err(Problem(format!("There is no parameter {name}, only: {}.", names.join(", ")))),
            None => Ok(Self { pairs }),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.0 == name).map(|(_, value)| &**value)
    }

    /// All values of a name.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        self.pairs.iter().filter(|pair| pair.0 == name).map(|(_, value)| &**value).collect()
    }

    /// All series: each is a twin's id and a key, both percent-encoded, with a slash between them.
    pub(crate) fn series(&self) -> Result<Vec<Name>, Problem> {
        let named = self.pairs.iter().filter(|pair| pair.0 == "series");
        let series: Vec<_> = named.map(|(_, value)| Name::parse(value)).collect::<Result<_, _>>()?;
        if series.len() > MOST_SERIES {
            return Err(Problem(format!("These are {} series; one request may name {MOST_SERIES}.", series.len())));
        }
        Ok(series)
    }

    pub(crate) fn at_least_one_series(&self) -> Result<Vec<Name>, Problem> {
        let series = self.series()?;
        if series.is_empty() { Err(Problem("No series is named: series=<twin>/<key>.".to_owned())) } else { Ok(series) }
    }

    /// A whole number between two others.
    pub(crate) fn number(&self, name: &str, default: usize, least: usize, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse()
            .ok()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| Problem(format!("{name} is a whole number from {least} to {most}, not {text}.")))
    }

    /// `from` and `to`, in milliseconds since 1970; without them, all times.
    pub(crate) fn span(&self) -> Result<(Nanoseconds, Nanoseconds), Problem> {
        let time = |name, default| match self.text(name) {
            None => Ok(default),
            Some(text) => match text.parse::<f64>() {
                Ok(milliseconds) if milliseconds.is_finite() => Ok(moment::of_milliseconds(milliseconds)),
                _ => Err(Problem(format!("{name} is a time in milliseconds since 1970, not {text}."))),
            },
        };
        let (from, to) = (time("from", Nanoseconds::MIN)?, time("to", Nanoseconds::MAX)?);
        if from > to { Err(Problem("from is after to.".to_owned())) } else { Ok((from, to)) }
    }

    /// What to draw.
    pub(crate) fn window(&self) -> Result<Window, Problem> {
        let (from, to) = self.span()?;
        let interval = match self.text("interval").unwrap_or("auto") {
            "auto" => Interval::Auto,
            "raw" => Interval::Raw,
            "fit" => Interval::Fit,
            other => Interval::Fixed(length(other).ok_or_else(|| {
                Problem(format!("interval is auto, raw, fit, or a length such as 1s, 10m, 1h or 1d, not {other}."))
            })?),
        };
        Ok(Window { from, to, width: self.number("width", 1_000, 10, 10_000)?, interval })
    }
}

/// A length of time: a whole number of seconds, minutes, hours or days.
fn length(text: &str) -> Option<Nanoseconds> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let number: Nanoseconds = number.parse().ok().filter(|number| *number > 0)?;
    number.checked_mul(seconds * SECOND)
}

impl Name {
    fn parse(text: &str) -> Result<Self, Problem> {
        let parts = text.split_once('/').filter(|(twin, key)| !twin.is_empty() && !key.is_empty());
        let (twin, key) = parts.ok_or_else(|| Problem(format!("A series is <twin>/<key>, not {text}.")))?;
        let decode = |part| percent_decode_str(part).decode_utf8_lossy().into_owned();
        Ok(Self { twin: decode(twin), key: decode(key) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(query: &str) -> String {
        Query::parse(Some(query), &["series", "from", "to", "interval", "width"])
            .and_then(|query| query.series().and_then(|_| query.window()))
            .unwrap_err()
            .0
    }

    #[test]
    fn a_name_may_have_any_character() {
        let query = Query::parse(Some("series=Step%252F1/Front.Temp%252F+x"), &["series"]).unwrap();
        let expected = Name { twin: "Step/1".to_owned(), key: "Front.Temp/ x".to_owned() };
        assert_eq!(query.series().unwrap(), [expected]);
    }

    #[test]
    fn an_interval_is_a_word_or_a_length() {
        let cases = [
            ("fit", Interval::Fit),
            ("1s", Interval::Fixed(SECOND)),
            ("15m", Interval::Fixed(900 * SECOND)),
            ("6h", Interval::Fixed(21_600 * SECOND)),
            ("1d", Interval::Fixed(86_400 * SECOND)),
        ];
        for (text, interval) in cases {
            let query = format!("interval={text}");
            assert_eq!(Query::parse(Some(&query), &["interval"]).unwrap().window().unwrap().interval, interval);
        }
        for text in ["0s", "-1s", "s", "", "1", "1w", "9999999999d", "é"] {
            assert_eq!(length(text), None, "{text}");
        }
    }

    #[test]
    fn each_mistake_is_explained() {
        assert_eq!(problem("series=Step"), "A series is <twin>/<key>, not Step.");
        assert_eq!(problem("from=now"), "from is a time in milliseconds since 1970, not now.");
        assert_eq!(problem("from=2&to=1"), "from is after to.");
        assert_eq!(problem("width=0"), "width is a whole number from 10 to 10000, not 0.");
        assert_eq!(
            problem("interval=2x"),
            "interval is auto, raw, fit, or a length such as 1s, 10m, 1h or 1d, not 2x."
        );
        assert!(problem("colour=red").starts_with("There is no parameter colour"));
        assert!(problem(&"series=a/b&".repeat(51)).starts_with("These are 51 series"));
    }
}
