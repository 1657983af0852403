//! Azure Digital Twins tells what changed; twin-bridge turns it into history.
//!
//! A delivery of change notifications comes in from the Functions host, becomes one record for each property that
//! changed, and is answered when the event hub has accepted them all. Each step has a room of its own, and each calls
//! only what stands to its right:
//!
//! ```text
//! server      -> bridge -> invocation -> notification -> flatten  -> record      -> event_hub
//! POST /name     the       the host's    what happened   property    JSON in the    accepted,
//! GET /          steps     envelope      to which twin   changes     hub's shape    or why not
//! ```
//!
//! What can't be recorded goes aside in [`dead_letter`] with the reason. [`settings`] is the only place that reads the
//! environment (but for the SDK in [`telemetry`]), [`event_hub`] the only one that knows the Azure SDK, and [`json`] the
//! one that keeps every digit.
//! [`admission`] bounds the memory of deliveries that wait, [`totals`] and [`recent_events`] count what became of them,
//! [`telemetry`] exports it where it is built in, and [`cli`] runs the same steps on files.

pub mod admission;
pub mod bridge;
pub mod cli;
pub mod dead_letter;
pub mod event_hub;
pub mod flatten;
pub mod invocation;
pub mod json;
pub mod logging;
pub mod notification;
pub mod recent_events;
pub mod record;
pub mod server;
pub mod settings;
pub mod telemetry;
pub mod totals;
