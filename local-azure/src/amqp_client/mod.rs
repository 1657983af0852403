//! The client's side of AMQP, as Event Hubs and Service Bus want it: what the stand-ins use to reach one another as the
//! services of Azure do.
//!
//! A `connection_string` says where the namespace is, `shared_access` makes the token of its key, and a `connection` is
//! one on which that token was accepted. Only plain AMQP is spoken, which is what the emulators of both services and the
//! stand-ins here serve.

mod connection;
mod connection_string;
mod shared_access;

pub(crate) use self::{
    connection::{Connection, ConnectionError},
    connection_string::ConnectionString,
};
