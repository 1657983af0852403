//! How much is kept in memory.

/// How much is kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Points of all series together. Past it the oldest of the longest series go, so that what changes often does not
    /// drive out what changes rarely.
    pub points: usize,
    /// Series, and also twins and relationships, each. What would be new past it is left out and counted.
    pub series: usize,
    /// Records as they came, for the table.
    pub records: usize,
    /// Bytes of these records.
    pub record_bytes: usize,
    /// Records whose `EventId` is remembered, so that a repeat is not drawn again.
    pub event_ids: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { points: 2_000_000, series: 100_000, records: 20_000, record_bytes: 64 * 1024 * 1024, event_ids: 500_000 }
    }
}
