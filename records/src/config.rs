//! What a user of the library can choose.

/// What shapes a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// Their shape.
    pub format: RecordFormat,
    /// What becomes of an object value.
    pub object_values: ObjectValues,
    /// The instance's host name for events that do not name it.
    pub service_id: Option<String>,
}

/// The shape of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordFormat {
    /// One record per property and one per beginning or end of a twin or relationship, in the names and meanings of the
    /// data history feature of Azure Digital Twins, plus `EventId`.
    #[default]
    DataHistory,
    /// One record per notification with all of its properties, as Time Series Insights took it.
    TimeSeriesInsights,
}

/// What becomes of an object that is set as a property's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ObjectValues {
    /// One change for each leaf of the object, so that every number is a series of its own.
    #[default]
    Flatten,
    /// One change with the whole object, as the data history feature of Azure Digital Twins records it.
    Keep,
}
