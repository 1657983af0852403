//! Where dead letters are kept: in a container of a storage account, or on a laptop in a folder.
//!
//! Three kinds lie there. The bridge's own and those of Event Grid are JSON arrays of events, those of Azure Digital Twins
//! single events: an operator repairs and replays them all in one way.

mod account;
mod cause;
mod client;
mod config;
mod container;
mod error;
mod identity;
mod name;
mod store;

pub use account::{StorageAccess, StorageAccount};
pub use config::{ContainerName, StoreConfig};
pub use error::StoreError;
pub use name::LetterName;
pub use store::{Store, Stored, Version};
