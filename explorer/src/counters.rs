//! How much was read, and how much of it is kept.

use serde::Serialize;

/// What was counted since the start, and what is kept now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Records read, repeats among them.
    pub records: u64,
    /// Records that were read before.
    pub repeats: u64,
    /// Bodies, or parts of them, that are no records.
    pub unreadable: u64,
    /// Values, twins and relationships left out because there were more series, twins or relationships than the limit.
    pub left_out: u64,
    /// Points that were dropped to stay within the memory, the oldest.
    pub dropped: u64,
    /// What the points, the series and the twins take in memory, about.
    pub bytes: usize,
    /// Points kept now.
    pub points: usize,
    /// Series kept now.
    pub series: usize,
    /// Twins known now.
    pub twins: usize,
}
