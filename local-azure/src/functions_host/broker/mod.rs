//! What the Event Hubs and the Service Bus trigger have in common: AMQP 1.0 to a namespace, and what comes over it.
//!
//! `connection_string` says where the namespace is and who asks, `client` connects and authorises itself as Microsoft's
//! clients do, `batch` collects messages, `message` takes one apart, `value` makes JSON of what AMQP knows. Only plain AMQP
//! to an emulator is spoken.

mod batch;
mod client;
mod connection_string;
mod message;
mod value;

pub(super) use batch::BatchSize;
pub(super) use client::{BrokerError, Client, Delivery};
pub(super) use connection_string::ConnectionString;
pub(super) use message::{annotation, application_properties, body, text_of_id};
pub(super) use value::{json_of, milliseconds_of};
