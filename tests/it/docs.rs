//! The examples in the documentation are what comes out.

use std::{fs, path::Path};

use twin_records::{Config, Converted, RecordFormat, convert};

/// A fenced block and what its opening line says after the language.
struct Fence {
    kind: String,
    text: String,
}

#[test]
fn the_records_in_docs_are_those_of_the_notifications_above_them() {
    assert_eq!(check("docs/records.md"), 7, "a notification of every kind");
}

/// Checks each notification in a file against the records that follow it, and answers how many notifications there are.
fn check(file: &str) -> usize {
    let fences = fences(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap());
    let mut checked = 0;
    for (at, fence) in fences.iter().enumerate().filter(|(_, fence)| fence.kind == "json notification") {
        let mut rest = fences[at + 1..].iter().take_while(|fence| fence.kind != "json notification");
        for (format, kind) in [
            (RecordFormat::DataHistory, "json data-history"),
            (RecordFormat::TimeSeriesInsights, "json time-series-insights"),
        ] {
            let shown = rest.by_ref().find(|fence| fence.kind == kind).map_or("", |fence| &fence.text);
            similar_asserts::assert_eq!(shown, records(&fence.text, format), "{file}: {}", fence.text);
        }
        checked += 1;
    }
    checked
}

fn records(notification: &str, format: RecordFormat) -> String {
    let event = serde_json::from_str(notification).unwrap();
    match convert(event, &Config { format, ..Config::default() }, "received") {
        Ok(Converted::Records(_, records)) => {
            records.iter().map(|record| str::from_utf8(record.text).unwrap().to_owned() + "\n").collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The example in the README, whose records stand in a block of their own kind of JSON.
#[test]
fn the_readme_shows_what_comes_out() {
    let fences = fences(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap());
    let json: Vec<_> = fences.iter().filter(|fence| fence.kind == "json").collect();
    similar_asserts::assert_eq!(json[1].text, records(&json[0].text, RecordFormat::DataHistory));
}

fn fences(markdown: &str) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut lines = markdown.lines();
    while let Some(opening) = lines.find_map(|line| line.strip_prefix("```")) {
        let text =
            lines.by_ref().take_while(|line| !line.starts_with("```")).map(|line| line.to_owned() + "\n").collect();
        fences.push(Fence { kind: opening.to_owned(), text });
    }
    fences
}
