//! One event in either of Event Grid's schemas becomes one [`Notification`](crate::Notification).
//!
//! The schemas differ in more than names: the Event Grid schema wraps the payload once more (`data.data`) and does not
//! name the instance.

mod envelope;
mod interpretation;
mod received;
mod twin_update;

pub use received::{Received, read};

#[cfg(test)]
mod tests;
