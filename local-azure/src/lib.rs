//! The Azure around twin-bridge, for a laptop and for tests: stand-ins on loopback, never part of the deployed binary.

pub mod digital_twins;
pub mod event_grid;
pub mod event_hubs;
pub mod functions_host;
pub mod production;
