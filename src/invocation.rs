//! What the Functions host posts for every trigger but a forwarded one: the trigger's value, and what is known of it.
//!
//! Source: the custom handler contract (learn.microsoft.com, "Azure Functions custom handlers") and the host's code
//! (Azure/azure-functions-host, `DefaultHttpWorkerService` and `ScriptInvocationContextExtensions`). Which trigger it is
//! shows in the metadata, whatever the function and its binding are called.

mod bad_invocation;
mod cloud_event;
mod envelope;
mod event_grid;
mod messages;

pub use bad_invocation::BadInvocation;

use crate::delivery::Delivery;
use envelope::Envelope;
use messages::Messages;

/// The delivery in an invocation.
pub fn read(body: Vec<u8>) -> Result<Delivery, BadInvocation> {
    if let Some(text) = event_grid::as_the_host_has_it(&body) {
        return event_grid::delivery(text);
    }
    let envelope = Envelope::read(&body)?;
    let Some(messages) = Messages::of(&envelope)? else {
        return event_grid::delivery(event_grid::value(&envelope)?);
    };
    // As large as what was taken out of it, and not needed any more.
    drop(body);
    messages.into_delivery()
}
