//! How an attempt to send ended: the SDK's errors in the few classes that make a difference to an operator, and the
//! two outcomes that the SDK hides.

use std::{cell::Cell, error::Error, fmt, iter::successors};

use azure_core::{error::ErrorKind, http::StatusCode};
use azure_core_amqp::{AmqpError, AmqpErrorCondition, AmqpErrorKind};
use azure_messaging_eventhubs::EventHubsError;
use tracing::{Event, Level, Subscriber, field};
use tracing_subscriber::{Layer, filter::Targets, layer::Context, registry::LookupSpan};

/// Why the hub has not accepted messages. The texts tell an operator what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No connection, or it was lost. Tried again.
    #[error(
        "The event hub can't be reached ({0}). Check the namespace in EVENT_HUB or EVENT_HUB__fullyQualifiedNamespace, the network and the firewall of the namespace."
    )]
    Unreachable(String),
    /// The hub took the connection but did not answer in time. Tried again.
    #[error(
        "The event hub does not answer. Check the health of the namespace; nothing is lost, Event Grid delivers again."
    )]
    NoAnswer,
    /// Wrong key, expired signature, missing role, or no login.
    #[error(
        "The event hub denies access ({0}). Check the key in EVENT_HUB, or that the identity has the role Azure Event Hubs Data Sender on the hub."
    )]
    Denied(String),
    /// No such hub.
    #[error("The event hub does not exist in its namespace ({0}). Check EVENT_HUB_NAME, or EntityPath in EVENT_HUB.")]
    NotFound(String),
    /// More than the throughput units allow, or a quota. Tried again.
    #[error(
        "The event hub is throttling ({0}). Raise the throughput units of the namespace or let it inflate by itself."
    )]
    Throttled(String),
    /// The hub does not take a message of this size, ever.
    #[error("A record is larger than an event that the event hub takes.")]
    TooLarge,
    /// The hub answered, but with something other than "accepted". Tried again.
    #[error("The event hub did not accept the records ({0}). They are not stored; Event Grid delivers them again.")]
    NotAccepted(String),
    /// The bridge is being stopped.
    #[error("twin-bridge is stopping. Event Grid delivers the events again.")]
    Stopped,
}

impl SendError {
    /// Whether trying again soon could help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::NoAnswer | Self::Throttled(_) | Self::NotAccepted(_))
    }

    /// Whether the client must be built anew: after anything but a plain answer of the hub it may be broken for good.
    pub(super) fn breaks_client(&self) -> bool {
        !matches!(self, Self::Throttled(_) | Self::NotAccepted(_) | Self::TooLarge)
    }

    /// A word for the status page and for alerts over the log.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::NoAnswer => "noAnswer",
            Self::Denied(_) => "denied",
            Self::NotFound(_) => "notFound",
            Self::Throttled(_) => "throttled",
            Self::TooLarge => "tooLarge",
            Self::NotAccepted(_) => "notAccepted",
            Self::Stopped => "stopped",
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
            let text = match &error.description {
                Some(description) => format!("{}: {description}", error.condition),
                None => error.condition.to_string(),
            };
            Some(condition(&error.condition, text))
        }
        AmqpErrorKind::ManagementStatusCode(status, description) => {
            let text = format!("{}: {}", u16::from(*status), description.as_deref().unwrap_or("no reason given"));
            Some(match *status {
                StatusCode::Unauthorized | StatusCode::Forbidden => SendError::Denied(text),
                StatusCode::NotFound => SendError::NotFound(text),
                StatusCode::TooManyRequests => SendError::Throttled(text),
                _ => SendError::Unreachable(text),
            })
        }
        AmqpErrorKind::SendRejected => Some(SendError::NotAccepted("rejected without a reason".to_owned())),
        _ => None,
    }
}

/// What the service means by an error condition (learn.microsoft.com, "AMQP 1.0 errors in Event Hubs").
fn condition(condition: &AmqpErrorCondition, text: String) -> SendError {
    match condition {
        AmqpErrorCondition::ServerBusyError | AmqpErrorCondition::ResourceLimitExceeded => SendError::Throttled(text),
        AmqpErrorCondition::UnauthorizedAccess
        | AmqpErrorCondition::EntityDisabledError
        | AmqpErrorCondition::PublisherRevokedError => SendError::Denied(text),
        AmqpErrorCondition::NotFound | AmqpErrorCondition::ResourceDeleted => SendError::NotFound(text),
        AmqpErrorCondition::LinkPayloadSizeExceeded => SendError::TooLarge,
        AmqpErrorCondition::ConnectionForced
        | AmqpErrorCondition::LinkDetachForced
        | AmqpErrorCondition::InternalError
        | AmqpErrorCondition::TimeoutError
        | AmqpErrorCondition::OperationCancelled
        | AmqpErrorCondition::ConnectionFramingError => SendError::Unreachable(text),
        _ => SendError::NotAccepted(text),
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
pub(super) async fn accepted(send: impl Future<Output = Result<(), EventHubsError>>) -> Result<(), SendError> {
    NOT_ACCEPTED
        .scope(Cell::new(false), async {
            send.await?;
            if NOT_ACCEPTED.with(Cell::get) {
                Err(SendError::NotAccepted("released or modified".to_owned()))
            } else {
                Ok(())
            }
        })
        .await
}

/// Whether the layer is in place, tried with a warning of our own.
pub(super) fn is_watched() -> bool {
    NOT_ACCEPTED.sync_scope(Cell::new(false), || {
        tracing::event!(target: SDK_PRODUCER, Level::WARN, "Checking that outcomes can be seen: {SDK_WARNING}.");
        NOT_ACCEPTED.with(Cell::get)
    })
}

/// The layer of the log that sees outcomes which the SDK hides. [`super::EventHub::start`] refuses to go without it.
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
