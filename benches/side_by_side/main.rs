//! twin-bridge side by side with the floor under it and with what people would use instead: the same deliveries, the
//! same hub, one run.
//!
//! Each module uses only modules below it:
//!
//! ```text
//! report       tables, charts, and figures for machines
//! comparison   builds of twin-bridge by the first of them
//! goals        what shall hold, and whether it does
//! chart        bars and lines as SVG
//! results      all that one run has measured
//! start        from exec to the first answer and the first record; memory when idle; size
//! growth       what a record costs as deliveries, patches and graphs grow
//! rounds       contenders in turn, at one work after the other
//! cell         what a contender did with one work, over all rounds
//! measurement  what it did in one span of time
//! session      a contender at work: its process, warmed up
//! driver       deliveries on a schedule or as fast as they are answered
//! check        does the hub hold exactly the expected records?
//! delivery     what the Functions host posts
//! messages     the same for its Event Hubs and Service Bus triggers
//! hub          the local Event Hubs endpoint, a process of its own
//! matrix       which work is measured, in one table
//! contender    what is compared, and how each is started
//! machine      where and with what it is measured
//! options      what the command line asks for
//! executable   a build of twin-bridge, and what it knows
//! running      a handler that runs and answers
//! connection   HTTP as the Functions host speaks it
//! way          by which events reach a handler
//! variant      how a build is set up
//! floor        a handler that does nothing but answer
//! process      processor time and memory from /proc, cores
//! number       numbers as people read them
//! spread       the median of several numbers, the lowest and the highest
//! ```
//!
//! `cargo bench --bench side_by_side`, or with `-- --quick`; `-- --help` lists what can be chosen. `cargo test` runs the
//! smallest form, with nothing but the floor and twin-bridge, so that this can't rot.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that can't go on has failed, and its figures are for people"
)]

mod cell;
mod chart;
mod check;
mod comparison;
mod connection;
mod contender;
mod delivery;
mod driver;
mod executable;
mod floor;
mod goals;
mod growth;
mod hub;
mod machine;
mod matrix;
mod measurement;
mod messages;
mod number;
mod options;
mod process;
mod report;
mod results;
mod rounds;
mod running;
mod session;
mod spread;
mod start;
mod variant;
mod way;

use std::{process::ExitCode, time::Duration};

use contender::Contender;
use mimalloc::MiMalloc;
use options::{Options, Role};
use report::Report;
use results::Results;

/// The hub and the floor, which are this executable too, shall not be what holds anybody back.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match options::role() {
        Role::Hub => hub::serve(),
        Role::Floor => floor::serve(),
        Role::Test { wanted: false } => test_result(0),
        Role::Test { wanted: true } => {
            test();
            test_result(1);
        }
        Role::Bench(options) => {
            if run(&options).is_some_and(|report| !report.results.all_succeeded()) {
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Runs all of it, where that is possible.
fn run(options: &Options) -> Option<Report> {
    if cfg!(not(target_os = "linux")) {
        println!(
            "This benchmark reads processor time and memory from /proc, which only Linux has. Nothing was measured."
        );
        return None;
    }
    if !options.no_peers {
        contender::install_peers();
    }
    process::use_core(process::Part::Driver);
    let contenders = contender::all(options);
    let some = |wanted: fn(&Contender) -> bool| contenders.iter().filter(|it| wanted(it)).cloned().collect::<Vec<_>>();
    for contender in some(Contender::sends) {
        check::check(&contender, options.ways());
    }
    let length = Duration::from_secs_f64(options.seconds());
    let mut results = Results {
        machine: machine::describe(options),
        cells: rounds::measure(&contenders, &matrix::works(options), options.rounds(), length),
        starts: Vec::new(),
        growth: Vec::new(),
    };
    if options.way.is_none() {
        results.starts = start::measure(&some(Contender::is_started), options);
    }
    let comparisons = comparison::compare(&contenders, &results);
    if comparisons.is_empty() && options.way.is_none() {
        results.growth = growth::measure(&some(Contender::grows), options);
    }
    let report = Report { goals: goals::judge(&results), results, comparisons };
    report.write(options);
    Some(report)
}

/// The smallest form: of the build that comes with this, and of two builds, which are the same one.
fn test() {
    let own = executable::Executable::own().path;
    let again = format!("again={}", own.display());
    assert!(Options::read(&["--executable", "missing=no/such/file"]).is_err(), "a file that is missing");
    assert!(Options::read(&["--executable", &again, "--executable", &again]).is_err(), "the same name twice");
    let one = run(&Options::smallest(&[]));
    let two = run(&Options::smallest(&["--rounds", "2", "--only", "record,SDK", "--executable", &again]));
    assert!(one.iter().chain(&two).all(|report| report.results.all_succeeded()), "see above");
    // Both variants, by each way.
    let compared = |report: Report| report.comparisons.iter().map(|it| it.works.len()).collect::<Vec<_>>();
    assert!(two.is_none_or(|report| compared(report) == [5, 5]), "all that two builds do is compared");
}

/// What `cargo test` prints for every other test, so that totals count this one too.
fn test_result(passed: usize) {
    println!("\ntest result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}
