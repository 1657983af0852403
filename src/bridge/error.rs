//! Why a delivery failed.

use event_hub_producer::SendError;

use crate::dead_letters::StoreError;

/// A delivery that failed as a whole. Its sender delivers all of it again: Event Grid on its schedule, for up to 24 hours.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// It is no JSON array and no JSON object. Nothing was forwarded.
    #[error("The delivery holds neither an event nor an array of events.")]
    NotEvents,
    /// The hub can't take all of it now. Some of it may be stored already.
    #[error("{0}{advice} The events are delivered again.", advice = advice(.0))]
    Hub(#[from] SendError),
    /// What can't be recorded can't be kept now either. All else is stored.
    #[error(transparent)]
    DeadLetters(#[from] StoreError),
    /// What can't be recorded could not be kept, ever.
    #[error(
        "Some events can't be recorded, and there is no store of dead letters to keep them in: set AzureWebJobsStorage, or DEAD_LETTERS to a file: URL. The first: {0}"
    )]
    NoDeadLetters(String),
}

impl DeliveryError {
    /// Whether trying the same again may help.
    pub(super) fn is_passing(&self) -> bool {
        !matches!(self, Self::NotEvents)
    }

    /// A word for totals and for alerts over the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotEvents => "notEvents",
            Self::Hub(error) => error.kind(),
            Self::DeadLetters(_) | Self::NoDeadLetters(_) => "deadLetters",
        }
    }
}

/// Which settings may be wrong.
fn advice(error: &SendError) -> &'static str {
    match error {
        SendError::Unreachable(_) => " The namespace is set by EVENT_HUB or EVENT_HUB__fullyQualifiedNamespace.",
        SendError::Denied(_) => " The key is set by EVENT_HUB, the identity by EVENT_HUB__clientId.",
        SendError::NotFound(_) => " The name is set by EVENT_HUB_NAME, or by EntityPath in EVENT_HUB.",
        _ => "",
    }
}
