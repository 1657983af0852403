//! A stand-in for an Event Grid topic and its subscriptions: between the twins that change and the function that is told.

mod schema;

pub use schema::Schema;
