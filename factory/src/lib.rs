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
//! Nothing here does any I/O or looks at a clock. Each module uses only modules below it:
//!
//! ```text
//! simulator             one step after another reports a change
//! machine, curve        what a step reports, and the course of its readings
//! change                a change as it is given out
//! twins, relationships  what there is to create
//! hierarchy             who runs what in a factory of any size
//! step                  the kinds of step and their readings
//! models                the models of all of it
//! ```

mod change;
mod curve;
mod hierarchy;
mod machine;
mod models;
mod relationships;
mod simulator;
mod step;
#[cfg(test)]
mod tests;
mod twins;

pub use change::Change;
pub use hierarchy::LAB;
pub use models::models;
pub use relationships::{Relationship, relationships};
pub use simulator::{ROUND, Simulator};
pub use twins::{Twin, twins};
