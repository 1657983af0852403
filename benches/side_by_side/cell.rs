//! What a contender did with one work of the matrix, over all rounds.

use serde::Serialize;

use crate::{matrix::Work, measurement::Measurement, spread::Spread};

/// What the marks of figures mean.
pub const MARKS: &str = "\\* held back by the hub or the driver, whose core had nothing left. \
                         † could not keep up with the schedule. ‡ with failed deliveries.";

#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    pub contender: String,
    /// Whether that is what people would use instead.
    pub peer: bool,
    pub work: Work,
    /// Bytes of a delivery's body.
    pub bytes: usize,
    #[serde(flatten)]
    pub median: Measurement,
    /// Where there are several.
    #[serde(skip_serializing_if = "is_one")]
    pub rounds: Vec<Measurement>,
}

impl Cell {
    pub fn spread(&self, figure: impl Fn(&Measurement) -> f64) -> Spread {
        Spread::of(self.rounds.iter().map(figure))
    }

    /// What has to be known about its figures: see [`MARKS`].
    pub fn mark(&self) -> String {
        let held_back = self.median.held_back_by().map_or("", |_| "\\*");
        let late = if self.median.kept_up < 0.99 { " †" } else { "" };
        let failed = if self.median.failures > 0 { " ‡" } else { "" };
        format!("{held_back}{late}{failed}")
    }
}

fn is_one(rounds: &[Measurement]) -> bool {
    rounds.len() == 1
}
