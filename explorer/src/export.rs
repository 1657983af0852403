//! The points of series as a file: NDJSON in the words of the records, or CSV (RFC 4180).

use std::{convert::Infallible, fmt::Write as _, sync::Arc};

use axum::body::Body;
use futures::stream;
use parking_lot::RwLock;
use serde_json::value::RawValue;

use crate::{moment::Nanoseconds, problem::Problem, query::Name, series::Point, store::Store, value::Value};

/// How many points are copied while the store is locked.
const CHUNK: usize = 2_000;

/// The form of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Ndjson,
    Csv,
}

impl Format {
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Problem> {
        match text {
            Some("ndjson") => Ok(Self::Ndjson),
            Some("csv") => Ok(Self::Csv),
            _ => Err(Problem("format is ndjson or csv.".to_owned())),
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Ndjson => "",
            Self::Csv => "TimeStamp,SourceTimeStamp,Id,Key,Value,Action\r\n",
        }
    }

    fn write(self, name: &Name, point: &Point, out: &mut String) {
        let action = if point.value == Value::Removed { "Delete" } else { "Update" };
        let source_time = point.note.as_deref().and_then(|note| note.source_time.as_deref());
        let as_received = point.value_as_received();
        match self {
            Self::Ndjson => {
                let value = point.value.json(as_received);
                let line = Line {
                    time: point.time_text(),
                    source_time,
                    twin: &name.twin,
                    key: &name.key,
                    value: serde_json::from_str(&value).ok(),
                    action,
                };
                out.push_str(&serde_json::to_string(&line).unwrap_or_default());
                out.push('\n');
            }
            Self::Csv => {
                let value = point.value.text(as_received);
                let time = point.time_text();
                let fields = [&time, source_time.unwrap_or_default(), &name.twin, &name.key, &value, action];
                let quoted = fields.map(quoted);
                // Writing to a string can't fail.
                let _ = write!(out, "{}\r\n", quoted.join(","));
            }
        }
    }
}

/// A point in the words of a record.
#[derive(serde::Serialize)]
struct Line<'a> {
    #[serde(rename = "TimeStamp")]
    time: String,
    #[serde(rename = "SourceTimeStamp", skip_serializing_if = "Option::is_none")]
    source_time: Option<&'a str>,
    #[serde(rename = "Id")]
    twin: &'a str,
    #[serde(rename = "Key")]
    key: &'a str,
    #[serde(rename = "Value")]
    value: Option<&'a RawValue>,
    #[serde(rename = "Action")]
    action: &'static str,
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// What is left to write.
struct Rest {
    store: Arc<RwLock<Store>>,
    format: Format,
    names: std::vec::IntoIter<Name>,
    series: Option<Name>,
    from: Nanoseconds,
    span: (Nanoseconds, Nanoseconds),
    heading: Option<&'static str>,
}

/// The file, written bit by bit as it is read, so that a long history needs no memory of its own.
pub(crate) fn file(
    store: Arc<RwLock<Store>>,
    format: Format,
    names: Vec<Name>,
    span: (Nanoseconds, Nanoseconds),
) -> Body {
    let heading = Some(format.heading());
    let mut names = names.into_iter();
    let rest = Rest { store, format, series: names.next(), names, from: span.0, span, heading };
    Body::from_stream(stream::unfold(rest, |mut rest| async move {
        let mut chunk = rest.heading.take().map(str::to_owned).unwrap_or_default();
        while chunk.is_empty() {
            if !rest.write_some(&mut chunk) {
                return None;
            }
        }
        Some((Ok::<_, Infallible>(chunk), rest))
    }))
}

impl Rest {
    /// Writes some points, perhaps none; `false` at the end.
    fn write_some(&mut self, out: &mut String) -> bool {
        let Some(name) = &self.series else { return false };
        let store = self.store.read();
        let next = store.series(&name.twin, &name.key).and_then(|series| {
            let left = series.between(self.from, self.span.1);
            let points = series.points();
            let mut next = None;
            for place in left.clone() {
                let point = points.get(place)?;
                // By time, which stays as it is while the series changes; equal times stay together.
                if place >= left.start + CHUNK && points.get(place - 1).is_some_and(|before| before.time < point.time) {
                    next = Some(point.time);
                    break;
                }
                self.format.write(name, &point, out);
            }
            next
        });
        drop(store);
        self.from = next.unwrap_or(self.span.0);
        if next.is_none() {
            self.series = self.names.next();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::{limits::Limits, raw_records::Origin, record::Record};

    fn store(records: &[String]) -> Arc<RwLock<Store>> {
        let mut store = Store::new(Limits::default());
        for record in records {
            let origin = Origin { partition: "0".into(), sequence_number: 0, enqueued: 0 };
            store.take(origin, record, Record::read(record));
        }
        Arc::new(RwLock::new(store))
    }

    async fn text(records: &[String], format: Format, span: (Nanoseconds, Nanoseconds)) -> String {
        let name = |key: &str| Name { twin: "Step".to_owned(), key: key.to_owned() };
        let file = file(store(records), format, vec![name("Mood"), name("Nothing"), name("Force")], span);
        String::from_utf8(to_bytes(file, usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    fn records() -> Vec<String> {
        vec![
            r#"{"TimeStamp":"2021-12-09T20:28:52Z","Id":"Step","Key":"Force","Value":1.10,"Action":"Update"}"#.to_owned(),
            r#"{"TimeStamp":"2021-12-09T20:28:53Z","SourceTimeStamp":"2021-12-09T20:28:50Z","Id":"Step","Key":"Force","Value":2}"#.to_owned(),
            r#"{"TimeStamp":"2021-12-09T20:28:54Z","Id":"Step","Key":"Force","Value":null,"Action":"Delete"}"#.to_owned(),
            r#"{"TimeStamp":"2021-12-09T20:28:52Z","Id":"Step","Key":"Mood","Value":"a \"b\", c","Action":"Update"}"#.to_owned(),
        ]
    }

    const ALL: (Nanoseconds, Nanoseconds) = (Nanoseconds::MIN, Nanoseconds::MAX);

    #[tokio::test]
    async fn ndjson_has_the_words_of_the_records() {
        let lines = text(&records(), Format::Ndjson, ALL).await;
        let expected = [
            r#"{"TimeStamp":"2021-12-09T20:28:52Z","Id":"Step","Key":"Mood","Value":"a \"b\", c","Action":"Update"}"#,
            r#"{"TimeStamp":"2021-12-09T20:28:52Z","Id":"Step","Key":"Force","Value":1.10,"Action":"Update"}"#,
            r#"{"TimeStamp":"2021-12-09T20:28:53Z","SourceTimeStamp":"2021-12-09T20:28:50Z","Id":"Step","Key":"Force","Value":2,"Action":"Update"}"#,
            r#"{"TimeStamp":"2021-12-09T20:28:54Z","Id":"Step","Key":"Force","Value":null,"Action":"Delete"}"#,
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    }

    #[tokio::test]
    async fn csv_is_quoted_where_it_must_be() {
        let expected = "TimeStamp,SourceTimeStamp,Id,Key,Value,Action\r\n\
            2021-12-09T20:28:52Z,,Step,Mood,\"a \"\"b\"\", c\",Update\r\n\
            2021-12-09T20:28:52Z,,Step,Force,1.10,Update\r\n\
            2021-12-09T20:28:53Z,2021-12-09T20:28:50Z,Step,Force,2,Update\r\n\
            2021-12-09T20:28:54Z,,Step,Force,,Delete\r\n";
        assert_eq!(text(&records(), Format::Csv, ALL).await, expected);
    }

    #[tokio::test]
    async fn a_long_series_comes_whole_and_a_window_only_as_far_as_it_reaches() {
        let record = |second: usize| {
            // Three of each time, so that a chunk could end between equal times.
            let time = crate::moment::usual(i64::try_from(second / 3).unwrap() * 1_000_000_000);
            format!(r#"{{"TimeStamp":"{time}","Id":"Step","Key":"Force","Value":{second}}}"#)
        };
        let records: Vec<_> = (0..=3 * CHUNK).map(record).collect();
        let values = |lines: &str| -> Vec<usize> {
            let value = |line| serde_json::from_str::<serde_json::Value>(line).unwrap()["Value"].as_u64().unwrap();
            lines.lines().map(|line| usize::try_from(value(line)).unwrap()).collect()
        };
        assert!(values(&text(&records, Format::Ndjson, ALL).await).into_iter().eq(0..=3 * CHUNK));
        let window = (1_000_000_000, 2_000_000_000);
        assert_eq!(values(&text(&records, Format::Ndjson, window).await), [3, 4, 5, 6, 7, 8]);
    }
}
