//! The chocolate factory of the Microsoft Learn lab, as data and as a source of changes: what there is to store in
//! Azure Digital Twins, and what happens to it every two seconds.
//!
//! Ids, models, units and the ranges of the readings are those of the hands-on lab
//! (<https://github.com/Azure-Samples/digital-twins-samples/tree/main/HandsOnLab>), written anew and without its
//! relationships to models that it does not have. Ours are:
//!
//! - initial values, and the steps `FanningStep` and `MouldingStep`, of which the lab has the models only;
//! - `Alarm` of every step, `ParticleSize` (telemetry) of the grinding step, and the component `CoolingTunnel` of the
//!   moulding step, each marked by a `comment` in its model;
//! - everything beyond the lab's six twins, in a factory of more;
//! - curves where the lab draws each reading by lot, readings of `GrindingTime`, and steps that go offline and return.
//!
//! The models, the twins and what happens to them are data: nothing about them does any I/O or looks at a clock. What is
//! above them in the list takes them to an instance of Azure Digital Twins over HTTP, and away again; `cargo factory`
//! calls it (docs/factory.md), and `cargo local` does with a stand-in for the instance. Each module uses only modules
//! below it:
//!
//! ```text
//! upload                puts into an instance what is missing of the factory
//! removal               takes out of it what is the factory's
//! survey                what there is of a factory in an instance
//! production            changes go to the instance, so many a second
//! instance              the calls of an instance
//! client                requests, with a token and again where that helps
//! throttle              how long the instance wants to be left alone
//! credential            who we are to it
//! error                 why it did not do what it was asked to
//! address               where it is, and whether it may see a token
//!
//! simulator             one step after another reports a change
//! machine, curve        what a step reports, and the course of its readings
//! change                a change as it is given out
//! twins, relationships  what there is to create
//! hierarchy             who runs what in a factory of any size
//! step                  the kinds of step and their readings
//! models                the models of all of it
//! ```

mod address;
mod change;
mod client;
mod credential;
mod curve;
mod error;
mod hierarchy;
mod instance;
mod machine;
mod models;
mod production;
mod relationships;
mod removal;
mod simulator;
mod step;
mod survey;
#[cfg(test)]
mod tests;
mod throttle;
mod twins;
mod upload;

pub use address::InvalidAddress;
pub use change::Change;
pub use error::Error;
pub use hierarchy::LAB;
pub use instance::Instance;
pub use models::models;
pub use production::{Production, Tally};
pub use relationships::{Relationship, relationships};
pub use removal::Removal;
pub use simulator::{ROUND, Simulator};
pub use twins::{Twin, twins};
pub use upload::{Conflicts, UploadError, Uploaded, upload};
