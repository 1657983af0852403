//! What the Event Hubs and the Service Bus trigger have in common: `batch` collects messages, `message` takes one apart,
//! `value` makes JSON of what AMQP knows.

mod batch;
mod message;
mod value;

pub(super) use batch::{BatchLimits, Delivery};
pub(super) use message::{annotation, application_properties, body, text_of_id};
pub(super) use value::{json_of, milliseconds_of};
