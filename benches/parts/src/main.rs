//! Counts the instructions of each part and holds them against the baseline: `cargo parts`.
//!
//! A count needs no clock and no quiet machine: valgrind's callgrind runs each part in a process of its own, which is
//! this executable again, and counts what happens inside [`counted`]. A part that got dearer than the baseline allows
//! fails; one that got cheaper asks for a new baseline, so that the gain can't be lost again unseen.

#![allow(clippy::unwrap_used, reason = "a bench that can't go on has failed")]

use std::{
    fs,
    hint::black_box,
    path::Path,
    process::{Command, ExitCode},
};

use clap::Parser;
use mimalloc::MiMalloc;
use parts::{PARTS, Part, Pass};

mod baseline;

use baseline::{Baseline, Instructions};

/// As in twin-bridge.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The parts of twin-bridge in instructions, compared with the baseline.
#[derive(Parser)]
struct Arguments {
    /// Makes what is counted now the baseline.
    #[arg(long)]
    write: bool,
    /// Does one part's work, to be counted.
    #[arg(long, hide = true)]
    pass: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(name) = arguments.pass {
        pass(Part::named(&name).unwrap());
        return ExitCode::SUCCESS;
    }
    if cfg!(debug_assertions) {
        eprintln!("Only an optimized build counts: cargo parts");
        return ExitCode::FAILURE;
    }
    let now = Baseline { toolchain: baseline::toolchain(), instructions: count() };
    let before = Baseline::read();
    let apart = print(&now.instructions, &before.instructions);
    if arguments.write {
        now.write();
        println!("\nThis is the baseline now.");
    } else if apart.is_empty() {
        println!("\nAll within {} % of the baseline.", baseline::TOLERANCE);
    } else if now.toolchain == before.toolchain {
        println!("\nMore than {} % off the baseline: {}.", baseline::TOLERANCE, apart.join("; "));
        println!(
            "If that is what you want, make it the baseline with `cargo parts --write` and say why in the commit."
        );
        return ExitCode::FAILURE;
    } else {
        println!("\nNOT COMPARED: the baseline is of {}, this is {}.", before.toolchain, now.toolchain);
    }
    ExitCode::SUCCESS
}

/// The instructions of one pass of each part, without those of a part that it includes.
fn count() -> Instructions {
    let folder = tempfile::tempdir().unwrap();
    let mut counts = Instructions::new();
    for part in PARTS {
        counts.insert(part.name.to_owned(), callgrind(part, &folder.path().join("counts")));
    }
    let without = |part: &Part| counts[part.name] - part.includes.map_or(0, |other| counts[other]);
    PARTS.iter().map(|part| (part.name.to_owned(), without(part))).collect()
}

/// The instructions of one pass.
fn callgrind(part: &Part, counts: &Path) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*parts*counted*"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(std::env::current_exe().unwrap())
        .args(["--pass", part.name])
        .output()
        .unwrap_or_else(|error| fail(&format!("valgrind can't be started: {error}.")));
    if !output.status.success() {
        fail(&format!("{}: {}", part.name, String::from_utf8_lossy(&output.stderr)));
    }
    let counts = fs::read_to_string(counts).unwrap();
    let total = counts.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
    total.filter(|&total| total > 0).unwrap_or_else(|| fail(&format!("{}: nothing was counted.", part.name)))
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(1)
}

/// Does a part's work twice and has the second time counted: what is made once in a process is there by then.
fn pass(part: &Part) {
    assert_eq!(part.prepare()(), part.makes(), "{}", part.name);
    assert_eq!(counted(part.prepare()), part.makes(), "{}", part.name);
}

/// What callgrind knows by this name.
#[inline(never)]
fn counted(pass: Pass) -> usize {
    black_box(black_box(pass)())
}

/// Prints the table and answers which parts are further off the baseline than they may be.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn print(now: &Instructions, before: &Instructions) -> Vec<String> {
    let mut apart = Vec::new();
    println!("| part | instructions per event | per value | baseline per event | difference |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for part in PARTS {
        let instructions = now[part.name] as f64;
        let (per_event, per_value) = (instructions / part.events() as f64, instructions / part.values() as f64);
        let (baseline, difference) = if let Some(&before) = before.get(part.name) {
            let percent = (instructions / before as f64 - 1.0) * 100.0;
            if percent.abs() > baseline::TOLERANCE {
                apart.push(format!("{} ({percent:+.1} %)", part.name));
            }
            (format!("{:.0}", before as f64 / part.events() as f64), format!("{percent:+.1} %"))
        } else {
            apart.push(format!("{} (not in it)", part.name));
            (String::new(), String::new())
        };
        println!("| {} | {per_event:.0} | {per_value:.0} | {baseline} | {difference} |", part.name);
    }
    apart
}
