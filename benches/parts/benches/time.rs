//! The time that each part of the flow takes, for people: `cargo bench -p parts`.

#![allow(missing_docs, reason = "the macro makes what it makes")]

use divan::{Bencher, counter::ItemsCount};
use parts::{PARTS, Part};

fn main() {
    divan::main();
}

/// A pass over the part's input. Items are events.
#[divan::bench(args = PARTS.iter().map(|part| part.name))]
fn part(bencher: Bencher<'_, '_>, name: &str) {
    let Some(part) = Part::named(name) else { return };
    bencher
        .counter(ItemsCount::new(part.events()))
        .with_inputs(|| part.prepare())
        .bench_values(|pass| assert_eq!(pass(), part.makes()));
}
