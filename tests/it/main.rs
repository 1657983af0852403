//! The real executable, driven over real sockets: HTTP as the Functions host speaks it on one side, AMQP on the other.

mod clients;
mod deliveries;
mod flatten_command;
mod handler;
mod hub;
mod identity;
mod recordings;
mod shutdown;
mod start;
mod through_the_host;
