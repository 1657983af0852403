//! The real executable, driven over real sockets: HTTP as the Functions host speaks it on one side, AMQP on the other.

#![allow(clippy::duplicate_mod, reason = "producer/mod.rs holds for each producer")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "producer/mod.rs"]
mod amqp;
mod azurite;
mod consistency;
mod dead_letters;
mod deliveries;
mod docs;
mod factory_day;
mod flatten_command;
mod handler;
mod infra;
mod links;
mod memory;
mod messages;
mod package;
mod queries;
mod recordings;
mod relay;
mod replay_command;
mod replay_store;
mod repository;
#[path = "producer/mod.rs"]
mod sdk;
mod sdk_faults;
mod shutdown;
mod skipped;
mod start;
mod structure;
mod through_the_host;
mod twins;
mod under_way;
mod webhook;
