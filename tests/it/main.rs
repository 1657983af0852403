//! The real executable, driven over real sockets: HTTP as the Functions host speaks it on one side, AMQP on the other.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod clients;
mod consistency;
mod deliveries;
mod docs;
mod flatten_command;
mod handler;
mod hub;
mod identity;
mod infra;
mod memory;
mod package;
mod packet_loss;
mod queries;
mod recordings;
mod relay;
mod replay_command;
mod repository;
mod shutdown;
mod start;
mod through_the_host;
mod twins;
