//! Builds of twin-bridge beside the first of them. Each round gives a ratio of two measurements that were made within
//! seconds; what changes from round to round, as the machine does, hardly shows in it.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    cell::{self, Cell},
    contender::Contender,
    matrix::{Load, Work},
    measurement::Measurement,
    results::Results,
    spread::Spread,
};

/// A contender by that of the first build which is set up the same way.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    pub contender: String,
    pub by: String,
    pub works: Vec<(Work, Ratio)>,
    /// The geometric mean over all of these; of records per second over those that are not on a schedule.
    pub all: Ratio,
}

#[derive(Clone, Debug, Serialize)]
pub struct Ratio {
    pub records_per_second: Option<Spread>,
    pub cpu_per_record: Option<Spread>,
    /// What has to be known of either.
    #[serde(skip)]
    mark: String,
}

/// Compares every contender of another build than the first.
pub fn compare(contenders: &[Contender], results: &Results) -> Vec<Comparison> {
    let first = contenders.iter().find_map(Contender::build);
    let compared = contenders.iter().filter_map(|contender| {
        let base = contenders.iter().find(|base| base.build() == first && base.variant() == contender.variant())?;
        (contender.build() != first).then(|| comparison(&contender.name(), &base.name(), results))
    });
    compared.collect()
}

fn comparison(contender: &str, by: &str, results: &Results) -> Comparison {
    let cells = results.cells.iter().filter(|cell| cell.contender == contender);
    let pairs: Vec<_> = cells.filter_map(|cell| Some((cell, results.cell(by, cell.work)?))).collect();
    let works = pairs.iter().map(|pair| {
        let mark = if pair.0.mark().is_empty() { pair.1.mark() } else { pair.0.mark() };
        (pair.0.work, Ratio { mark, ..ratio(&[*pair], &[*pair]) })
    });
    let mut unscheduled = pairs.clone();
    unscheduled.retain(|(cell, _)| matches!(cell.work.load, Load::AtATime(_)));
    let (contender, by) = (contender.to_owned(), by.to_owned());
    Comparison { contender, by, works: works.collect(), all: ratio(&unscheduled, &pairs) }
}

fn ratio(throughput: &[(&Cell, &Cell)], cost: &[(&Cell, &Cell)]) -> Ratio {
    Ratio {
        records_per_second: spread(throughput, |it| it.records_per_second),
        cpu_per_record: spread(cost, |it| it.cpu_seconds_per_million_records),
        mark: String::new(),
    }
}

/// Of the geometric mean of some cells' ratios, over the rounds in which each of them did anything.
fn spread(pairs: &[(&Cell, &Cell)], figure: fn(&Measurement) -> f64) -> Option<Spread> {
    let rounds = pairs.first()?.0.rounds.len();
    let logarithm = |(cell, base): &(&Cell, &Cell), round: usize| {
        let (cell, base) = (&cell.rounds[round], &base.rounds[round]);
        (cell.deliveries > 0 && base.deliveries > 0).then(|| (figure(cell) / figure(base)).ln())
    };
    let mean = |round| {
        let sum: f64 = pairs.iter().map(|pair| logarithm(pair, round)).sum::<Option<f64>>()?;
        Some((sum / pairs.len() as f64).exp())
    };
    let means: Vec<_> = (0..rounds).filter_map(mean).collect();
    (!means.is_empty()).then(|| Spread::of(means))
}

/// One line for each work, and one for all together.
pub fn table(comparisons: &[Comparison]) -> String {
    let columns = Work::COLUMNS;
    let mut text = format!("| | by | {} | records/s | CPU per record |\n", columns.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(columns.len() + 4));
    for Comparison { contender, by, works, all } in comparisons {
        let works = works.iter().map(|(work, ratio)| (work.describe(), ratio));
        let mean = format!("geometric mean{}", " |".repeat(columns.len() - 1));
        for (work, ratio) in works.chain([(mean, all)]) {
            let (records, cpu) = (describe(ratio.records_per_second), describe(ratio.cpu_per_record));
            let _ = writeln!(text, "| {contender} | {by} | {work} | {records}{} | {cpu} |", ratio.mark);
        }
    }
    if comparisons.iter().flat_map(|it| &it.works).any(|(_, ratio)| !ratio.mark.is_empty()) {
        let _ = writeln!(text, "\n{}", cell::MARKS);
    }
    text + "\nMedians of the rounds' ratios, with their 95 % confidence intervals; of less than six rounds with the lowest \
            and the highest.\n"
}

fn describe(spread: Option<Spread>) -> String {
    spread.map_or_else(String::new, |Spread { median, interval: (from, to), .. }| {
        format!("{median:.3} ({from:.3}–{to:.3})")
    })
}
