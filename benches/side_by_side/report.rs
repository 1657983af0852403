//! What was measured, for people (tables, charts) and for machines (JSON).

use std::{fmt::Write as _, fs, path::Path};

use serde::Serialize;

use crate::{
    cell::{self, Cell},
    chart::{self, Bar, Line},
    comparison::{self, Comparison},
    goals::Goal,
    growth::Growth,
    matrix::{self, Work},
    measurement::Measurement,
    number::thousands,
    options::Options,
    results::Results,
};

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// What was measured and what follows from it.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub results: Results,
    pub goals: Vec<Goal>,
    /// Where several builds of twin-bridge were measured.
    pub comparisons: Vec<Comparison>,
}

impl Report {
    /// Writes everything to where the options say, and prints what it comes to.
    pub fn write(&self, options: &Options) {
        let text = self.markdown(&matrix::works(options));
        for folder in options.folders() {
            fs::create_dir_all(&folder).unwrap();
            let json = serde_json::to_string_pretty(self).unwrap();
            fs::write(folder.join("results.json"), json + "\n").unwrap();
            fs::write(folder.join("results.md"), &text).unwrap();
            charts(&self.results, &folder);
            println!("Written to {}", folder.display());
        }
        if !self.comparisons.is_empty() {
            println!("\n{}", comparison::table(&self.comparisons));
        } else if !options.smallest {
            println!("\n{}", goals(&self.goals));
        }
    }

    fn markdown(&self, works: &[Work]) -> String {
        let results = &self.results;
        let mut sections = vec![
            ("Goals", goals(&self.goals)),
            ("Where and with what", machine(results)),
            (
                "Records a second",
                table(results, works, |cell| spread(cell, |it| it.records_per_second, thousands) + &cell.mark()),
            ),
            ("Latency of a delivery in ms: p50 / p99 / p99.9", latency_note() + &table(results, works, latency)),
            (
                "CPU seconds per million records",
                table(results, works, |cell| spread(cell, |it| it.cpu_seconds_per_million_records, hundredths)),
            ),
            ("Peak memory in MiB", table(results, works, peak_memory)),
            ("Load of the cores in %: contender / hub / driver", table(results, works, loads)),
            ("Start, idle memory, size", starts(results)),
            ("Growth", growth(results)),
        ];
        if !self.comparisons.is_empty() {
            sections.insert(1, ("Builds", comparison::table(&self.comparisons)));
        }
        let mut text = String::new();
        for (title, section) in sections {
            let _ = writeln!(text, "## {title}\n\n{section}");
        }
        text
    }
}

fn goals(goals: &[Goal]) -> String {
    let mut text = "| goal | measured | wanted | |\n| --- | --- | --- | --- |\n".to_owned();
    for Goal { what, measured, wanted, met } in goals {
        let met = met.map_or("", |met| if met { "met" } else { "**missed**" });
        let _ = writeln!(text, "| {what} | {measured} | {wanted} | {met} |");
    }
    text
}

fn machine(results: &Results) -> String {
    let mut text = "| | |\n| --- | --- |\n".to_owned();
    for (name, value) in &results.machine.0 {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    text
}

/// One line for each work, one column for each contender.
fn table(results: &Results, works: &[Work], show: impl Fn(&Cell) -> String) -> String {
    let contenders = results.contenders();
    let columns = [&Work::COLUMNS, &*contenders].concat();
    let mut text = format!("| {} |\n|{}\n", columns.join(" | "), " --- |".repeat(columns.len()));
    for &work in works {
        let cells = contenders.iter().map(|name| results.cell(name, work).map_or_else(String::new, &show));
        let _ = writeln!(text, "| {} | {} |", work.describe(), cells.collect::<Vec<_>>().join(" | "));
    }
    let cells = || works.iter().flat_map(|&work| contenders.iter().filter_map(move |name| results.cell(name, work)));
    if cells().any(|cell| !cell.mark().is_empty()) {
        let _ = writeln!(text, "\n{}", cell::MARKS);
    }
    if let Some(cell) = cells().find(|cell| cell.rounds.len() > 1) {
        let _ = writeln!(text, "\nMedians of {} rounds, with the lowest and the highest.", cell.rounds.len());
    }
    text
}

/// A figure, with the lowest and the highest where there were several rounds.
fn spread(cell: &Cell, figure: fn(&Measurement) -> f64, number: fn(f64) -> String) -> String {
    let spread = cell.spread(figure);
    let median = number(spread.median);
    if cell.rounds.len() == 1 {
        median
    } else {
        format!("{median} ({}–{})", number(spread.lowest), number(spread.highest))
    }
}

fn hundredths(number: f64) -> String {
    format!("{number:.2}")
}

fn peak_memory(cell: &Cell) -> String {
    format!("{:.0}", cell.median.peak_memory as f64 / MEBIBYTE)
}

fn latency_note() -> String {
    "From when a delivery was to be sent until it was answered; what the hub waits is in it.\n\n".to_owned()
}

fn latency(cell: &Cell) -> String {
    let latency = &cell.median.latency;
    format!("{:.1} / {:.1} / {:.1}{}", latency.p50, latency.p99, latency.p999, cell.mark())
}

fn loads(cell: &Cell) -> String {
    let percent = |load: f64| format!("{:.0}", load * 100.0);
    [cell.median.contender_load, cell.median.hub_load, cell.median.driver_load].map(percent).join(" / ")
}

fn starts(results: &Results) -> String {
    let mut text =
        "| | exec to first answer, ms | exec to first record accepted, ms | idle memory, MiB | size without the \
                    language's runtime, MiB |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for start in &results.starts {
        let (idle, size) = (start.idle_memory as f64 / MEBIBYTE, start.size as f64 / MEBIBYTE);
        let size = if start.size == 0 { String::new() } else { format!("{size:.1}") };
        let (answer, record) = (start.first_answer, start.first_record);
        let _ = writeln!(text, "| {} | {answer:.1} | {record:.1} | {idle:.1} | {size} |", start.contender);
    }
    if let Some(start) = results.starts.first() {
        let _ = writeln!(text, "\nTimes are medians of {} starts.", start.starts);
    }
    text
}

fn growth(results: &Results) -> String {
    let mut text = String::new();
    for growth in &results.growth {
        let _ = writeln!(
            text,
            "### {}: {}\n\n| {} | delivery, KB | CPU µs a record | records/s | p50 of a delivery, ms | peak memory, MiB |\n\
             | --- | --- | --- | --- | --- | --- |",
            growth.contender, growth.what, growth.what
        );
        for cell in &growth.cells {
            let _ = writeln!(
                text,
                "| {} | {:.0} | {:.2} | {}{} | {:.1} | {:.0} |",
                thousands(growth.amount(cell) as f64),
                cell.bytes as f64 / 1e3,
                cell.median.cpu_seconds_per_million_records,
                thousands(cell.median.records_per_second),
                cell.mark(),
                cell.median.latency.p50,
                cell.median.peak_memory as f64 / MEBIBYTE,
            );
        }
        let _ =
            writeln!(text, "\nThe dearest record of the upper half costs {:.2} times the cheapest.\n", growth.knee());
    }
    text
}

fn charts(results: &Results, folder: &Path) {
    let write = |name: &str, svg: String| fs::write(folder.join(name), svg).unwrap();
    let bars = |work: Work, value: fn(&Cell) -> f64| -> Vec<Bar> {
        let cells = results.cells.iter().filter(|cell| cell.work == work);
        let bar = |cell: &Cell| Bar {
            label: cell.contender.clone(),
            value: value(cell),
            ours: !cell.peer && !cell.contender.starts_with("floor"),
        };
        cells.map(bar).collect()
    };
    let senders = |work, value| {
        let mut bars = bars(work, value);
        bars.retain(|bar| !bar.label.starts_with("floor"));
        bars
    };
    let usual = "32 events of 5 operations a delivery, 16 at a time";
    let title = format!("Records a second\n{usual}, hub answers after 5 ms");
    write("throughput.svg", chart::bars(&title, &senders(matrix::USUAL, |cell| cell.median.records_per_second)));
    let title = format!("CPU seconds per million records\n{usual}");
    write("cpu.svg", chart::bars(&title, &senders(matrix::USUAL, |cell| cell.median.cpu_seconds_per_million_records)));
    let title = "Deliveries of one event a second\n64 at a time, hub answers after 5 ms";
    write("single.svg", chart::bars(title, &bars(matrix::SINGLE, |cell| cell.median.deliveries_per_second)));
    let title = "p99 of a delivery of one event in ms\n1,000 a second on a schedule, hub answers after 5 ms";
    write("latency.svg", chart::bars(title, &bars(matrix::SCHEDULED, |cell| cell.median.latency.p99)));
    for (what, name) in [("events a delivery", "events"), ("operations an event", "operations"), ("twins", "twins")] {
        let lines = results.growth.iter().filter(|growth| growth.what == what);
        let line = |growth: &Growth| {
            let point = |cell: &Cell| (growth.amount(cell) as f64, cell.median.cpu_seconds_per_million_records);
            Line { label: growth.contender.clone(), points: growth.cells.iter().map(point).collect() }
        };
        let lines: Vec<_> = lines.map(line).collect();
        if !lines.is_empty() {
            let title = format!("CPU µs a record as {what} grow");
            write(&format!("growth-{name}.svg"), chart::lines(&title, what, &lines));
        }
    }
}
