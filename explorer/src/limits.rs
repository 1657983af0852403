//! How much is kept in memory.

/// How much is kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Points of all series together. Past it the oldest go, but of no series more than to half of what would be its
    /// share if all had the same, so that what changes often does not drive out what changes rarely.
    pub points: usize,
    /// Bytes of the points, the series and the twins, past which the same is done.
    pub bytes: usize,
    /// Series, and also twins and relationships, each. What would be new past it is left out and counted.
    pub series: usize,
    /// Records as they came, for the table.
    pub records: usize,
    /// Bytes of these records.
    pub record_bytes: usize,
    /// Records whose `EventId` is remembered, so that a repeat is not drawn again.
    pub event_ids: usize,
}

impl Limits {
    /// Such that all of it takes about so many bytes.
    #[must_use]
    pub fn within(bytes: usize) -> Self {
        const SERIES: usize = 1_024;
        const EVENT_ID: usize = 32;
        // What the allocator can't use, and what grows before it is cut.
        let spare = bytes / 8;
        let record_bytes = (bytes / 8).min(64 * 1024 * 1024);
        let event_ids = (bytes / 16 / EVENT_ID).min(500_000);
        Self {
            points: usize::MAX,
            bytes: bytes - spare - record_bytes - event_ids * EVENT_ID,
            series: (bytes / 4 / SERIES).min(100_000),
            records: 20_000,
            record_bytes,
            event_ids,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::within(512 * 1024 * 1024)
    }
}
