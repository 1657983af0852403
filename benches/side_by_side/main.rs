//! twin-bridge side by side with the floor under it and with what people would use instead: the same deliveries, the
//! same hub, one run.
//!
//! ```text
//! main        options, machine; the contenders in turn, then start, growth, goals, report
//!   contender   what is compared, and how each is started
//!   session     a contender at work: its process and its hub, warmed up
//!     hub         the local Event Hubs endpoint, a process of its own
//!     check       does the hub hold exactly the expected records?
//!     driver      deliveries on a schedule or as fast as they are answered (delivery, connection)
//!     process     processor time and memory from /proc, cores
//!   matrix      which work is measured, in one table
//!   cell        one measurement of one contender
//!   start       from exec to the first answer and the first record; memory when idle; size
//!   growth      what a record costs as deliveries, patches and graphs grow
//!   goals       what shall hold, and whether it does
//!   report      tables, charts (chart) and figures for machines
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
mod connection;
mod contender;
mod delivery;
mod driver;
mod floor;
mod goals;
mod growth;
mod hub;
mod machine;
mod matrix;
mod options;
mod process;
mod report;
mod session;
mod start;

use std::process::ExitCode;

use mimalloc::MiMalloc;
use options::{Options, Role};

/// The hub and the floor, which are this executable too, shall not be what holds anybody back.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match options::role() {
        Role::Hub => hub::serve(),
        Role::Floor => floor::serve(),
        Role::Test { wanted: false } => test_result(0),
        Role::Test { wanted: true } => {
            assert!(run(&Options::smallest()), "see above");
            test_result(1);
        }
        Role::Bench(options) => {
            if !run(&options) {
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Runs all of it. False if any delivery of ours failed or the hub held anything but what was expected.
fn run(options: &Options) -> bool {
    if cfg!(not(target_os = "linux")) {
        println!(
            "This benchmark reads processor time and memory from /proc, which only Linux has. Nothing was measured."
        );
        return true;
    }
    if !options.no_peers {
        contender::install_peers();
    }
    process::use_core(process::Part::Driver);
    let contenders = contender::all(options);
    let machine = machine::describe(options);
    let mut results = report::Results::new(machine);
    for contender in &contenders {
        results.cells.extend(session::measure(contender, options));
    }
    results.starts =
        contenders.iter().filter(|contender| contender.is_started()).map(|it| start::measure(it, options)).collect();
    results.growth =
        contenders.iter().filter(|contender| contender.grows()).flat_map(|it| growth::measure(it, options)).collect();
    results.goals = goals::judge(&results);
    report::write(&results, options);
    let grown = results.growth.iter().flat_map(|growth| &growth.cells);
    results.cells.iter().chain(grown).all(|cell| cell.peer || cell.failures == 0)
}

/// What `cargo test` prints for every other test, so that totals count this one too.
fn test_result(passed: usize) {
    println!("\ntest result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}
