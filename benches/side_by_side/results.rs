//! All that one run has measured.

use serde::Serialize;

use crate::{cell::Cell, growth::Growth, machine::Machine, matrix::Work, start::Start};

#[derive(Debug, Serialize)]
pub struct Results {
    pub machine: Machine,
    pub cells: Vec<Cell>,
    pub starts: Vec<Start>,
    pub growth: Vec<Growth>,
}

impl Results {
    /// What a contender did with some work.
    pub fn cell(&self, contender: &str, work: Work) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.contender == contender && cell.work == work)
    }

    /// The names of all, as they were measured.
    pub fn contenders(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.cells.iter().map(|cell| &*cell.contender).collect();
        names.dedup();
        names
    }

    /// Whether no delivery of ours failed and the hub held what was expected.
    pub fn all_succeeded(&self) -> bool {
        let grown = self.growth.iter().flat_map(|growth| &growth.cells);
        self.cells.iter().chain(grown).all(|cell| cell.peer || cell.median.failures == 0)
    }
}
