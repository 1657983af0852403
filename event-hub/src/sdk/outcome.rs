//! How a call of the SDK ended: its errors in our classes, and the two outcomes that it hides.

use std::{cell::Cell, error::Error, fmt, iter::successors};

use azure_core::error::ErrorKind;
use azure_core_amqp::{AmqpError, AmqpErrorKind};
use azure_messaging_eventhubs::EventHubsError;
use tracing::{Event, Level, Subscriber, field};
use tracing_subscriber::{Layer, filter::Targets, layer::Context, registry::LookupSpan};

use crate::{error::SendError, transport::Failure};

impl From<EventHubsError> for Failure {
    fn from(error: EventHubsError) -> Self {
        let error = classify(&error);
        match error {
            SendError::Throttled(_) | SendError::NotAccepted(_) | SendError::TooLarge => Self::outcome(error),
            // It does not say what is broken, and what has reconnected breaks for good when the next link is attached.
            _ => Self::of_connection(error),
        }
    }
}

impl From<EventHubsError> for SendError {
    fn from(error: EventHubsError) -> Self {
        classify(&error)
    }
}

impl From<azure_core::Error> for SendError {
    fn from(error: azure_core::Error) -> Self {
        classify(&error)
    }
}

/// Finds the cause that says what to do. The SDK wraps errors several times, each time in another type.
fn classify(error: &(dyn Error + 'static)) -> SendError {
    let causes = || successors(Some(error), |&cause| cause.source());
    let innermost = causes().last().map(ToString::to_string).unwrap_or_default();
    causes().find_map(|cause| described(cause, &innermost)).unwrap_or(SendError::Unreachable(innermost))
}

/// What one cause in the chain says, if it says anything.
fn described(cause: &(dyn Error + 'static), innermost: &str) -> Option<SendError> {
    if let Some(error) = cause.downcast_ref::<azure_core::Error>()
        && matches!(error.kind(), ErrorKind::Credential)
    {
        return Some(SendError::Denied(innermost.to_owned()));
    }
    match cause.downcast_ref::<AmqpError>()?.kind() {
        AmqpErrorKind::AmqpDescribedError(error) => {
            Some(SendError::of_condition(error.condition.as_ref(), error.description.as_deref()))
        }
        AmqpErrorKind::ManagementStatusCode(status, description) => {
            Some(SendError::of_status(u16::from(*status), description.as_deref()))
        }
        AmqpErrorKind::SendRejected => Some(SendError::NotAccepted("rejected without a reason".to_owned())),
        _ => None,
    }
}

tokio::task_local! {
    /// Set when the SDK warns of an outcome that it then reports as success.
    static NOT_ACCEPTED: Cell<bool>;
}

const SDK_PRODUCER: &str = "azure_messaging_eventhubs::producer";
const SDK_WARNING: &str = "not durably accepted";

/// Runs a send of the SDK and makes `released` and `modified` the failures that they are.
///
/// The SDK's `send_batch` answers `Ok` for both and only logs a warning; the outcome itself is private. The warning is
/// emitted within the call, so a layer of the log sees it and marks the task.
pub(super) async fn accepted(send: impl Future<Output = Result<(), EventHubsError>>) -> Result<(), Failure> {
    NOT_ACCEPTED
        .scope(Cell::new(false), async {
            send.await?;
            if NOT_ACCEPTED.with(Cell::get) {
                return Err(Failure::outcome(SendError::NotAccepted("released or modified".to_owned())));
            }
            Ok(())
        })
        .await
}

/// Whether the layer is in place, tried with a warning of our own.
pub(crate) fn is_watched() -> bool {
    NOT_ACCEPTED.sync_scope(Cell::new(false), || {
        tracing::event!(target: SDK_PRODUCER, Level::WARN, "Checking that outcomes can be seen: {SDK_WARNING}.");
        NOT_ACCEPTED.with(Cell::get)
    })
}

/// The layer of the log that sees outcomes which the SDK hides. [`EventHub::start`](crate::EventHub::start)
/// refuses to use the SDK without it.
pub fn not_accepted_layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    NotAcceptedLayer.with_filter(Targets::new().with_target(SDK_PRODUCER, Level::WARN))
}

struct NotAcceptedLayer;

impl<S: Subscriber> Layer<S> for NotAcceptedLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut found = Found(false);
        event.record(&mut found);
        if found.0 {
            // Outside of `accepted` nobody asks.
            let _ = NOT_ACCEPTED.try_with(|not_accepted| not_accepted.set(true));
        }
    }
}

struct Found(bool);

impl field::Visit for Found {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}").contains(SDK_WARNING);
        }
    }
}

#[cfg(test)]
mod tests;
