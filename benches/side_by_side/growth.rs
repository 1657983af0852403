//! What a record costs twin-bridge as deliveries, patches and the number of twins grow, one at a time.

use std::time::Duration;

use serde::Serialize;

use crate::{
    cell::Cell,
    contender::Contender,
    matrix::{self, Load, Work},
    options::Options,
    rounds,
    way::Way,
};

/// At a time: enough to keep the contender busy, and few enough to see what one delivery takes.
const AT_A_TIME: usize = 4;

/// One thing that grows.
#[derive(Clone, Debug, Serialize)]
pub struct Growth {
    pub contender: String,
    /// What grows.
    pub what: &'static str,
    pub cells: Vec<Cell>,
}

impl Growth {
    /// How much of it there is in a cell.
    pub fn amount(&self, cell: &Cell) -> u64 {
        match self.what {
            "events a delivery" => cell.work.shape.events as u64,
            "operations an event" => cell.work.shape.operations as u64,
            _ => cell.work.shape.twins,
        }
    }

    /// The dearest record by the cheapest from the middle of the scale on: about 1 where there is no knee.
    pub fn knee(&self) -> f64 {
        let costs =
            self.cells.iter().skip(self.cells.len() / 2).map(|cell| cell.median.cpu_seconds_per_million_records);
        let (least, most) = costs.fold((f64::MAX, 0.0), |(least, most), cost| (cost.min(least), cost.max(most)));
        most / least
    }
}

/// Measures all that grows.
pub fn measure(contenders: &[Contender], options: &Options) -> Vec<Growth> {
    let length = Duration::from_secs_f64(options.seconds() * 0.8);
    let grows = matrix::growth(options).into_iter();
    grows
        .flat_map(|(what, shapes)| {
            println!("as {what} grow");
            let work = |shape| Work { way: Way::Function, shape, delay: 0, load: Load::AtATime(AT_A_TIME) };
            let works: Vec<_> = shapes.into_iter().map(work).collect();
            // Each contender anew for each of them, since memory that large deliveries leave would count for others.
            let cells = rounds::measure(contenders, &works, options.rounds(), length);
            let growths = cells.chunk_by(|left, right| left.contender == right.contender);
            let growth = |cells: &[Cell]| Growth { contender: cells[0].contender.clone(), what, cells: cells.to_vec() };
            growths.map(growth).collect::<Vec<_>>()
        })
        .collect()
}
