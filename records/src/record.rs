//! An occurrence as records: the shapes that consumers see.

mod context;
mod data_history;
mod list;
mod time_series_insights;
mod time_stamp;
mod writing;

pub use list::{Record, RecordKind, Records};
pub use time_stamp::time_stamp;
pub use writing::records;

#[cfg(test)]
mod tests;
