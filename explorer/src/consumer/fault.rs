//! The AMQP library's errors as trouble. Where the hub has given an error, at whatever level, that one is told.

use std::fmt::Display;

use event_hub_producer::ConnectError;
use fe2o3_amqp::{
    connection::{ConnectionStopReason, OpenError},
    link::{
        IllegalLinkStateError, LinkStateError, ReceiverAttachError, RecvError, SendError, SenderAttachError,
        SessionStopReason,
    },
    session::BeginError,
};
use fe2o3_amqp_management::error::{AttachError, Error as ManagementError};
use fe2o3_amqp_types::{
    definitions::{Error as HubError, ErrorCondition},
    primitives::Symbol,
};

use super::trouble::Trouble;

/// What went wrong, and how much of the way to the hub it has broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) trouble: Trouble,
    /// Whether the connection is gone, or only a link.
    pub(super) ends_connection: bool,
}

impl Fault {
    pub(super) fn of_connection(trouble: Trouble) -> Self {
        Self { trouble, ends_connection: true }
    }

    pub(super) fn of_link(trouble: Trouble) -> Self {
        Self { trouble, ends_connection: false }
    }

    fn new(ends_connection: bool, given: Option<&HubError>, error: &dyn Display) -> Self {
        let trouble = match given {
            Some(given) => Trouble::of_condition(condition(given).as_str(), given.description.as_deref()),
            None => Trouble::Interrupted(error.to_string()),
        };
        Self { trouble, ends_connection }
    }

    fn of_session(reason: &SessionStopReason, error: &dyn Display) -> Self {
        match reason {
            SessionStopReason::RemoteEndedWithError(given) => Self::new(false, Some(given), error),
            SessionStopReason::ConnectionStopped(reason) => Self::of_stop(reason, error),
            _ => Self::new(false, None, error),
        }
    }

    fn of_stop(reason: &ConnectionStopReason, error: &dyn Display) -> Self {
        let given = if let ConnectionStopReason::RemoteClosedWithError(given) = reason { Some(given) } else { None };
        Self::new(true, given, error)
    }
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        let text = error.to_string();
        Self::of_connection(match error {
            ConnectError::UnknownHost(_) => Trouble::UnknownHost(text),
            ConnectError::Unreachable(_) => Trouble::Unreachable(text),
            ConnectError::Tls(_) => Trouble::Untrusted(text),
            ConnectError::WebSocket(_) => Trouble::NoWebSocket(text),
            ConnectError::Open(OpenError::RemoteClosedWithError(given)) => {
                Trouble::of_condition(condition(&given).as_str(), given.description.as_deref())
            }
            ConnectError::Open(_) => Trouble::Interrupted(text),
        })
    }
}

impl From<BeginError> for Fault {
    fn from(error: BeginError) -> Self {
        match &error {
            BeginError::RemoteEndedWithError(given) => Self::new(false, Some(given), &error),
            BeginError::ConnectionStopped(reason) => Self::of_stop(reason, &error),
            _ => Self::new(true, None, &error),
        }
    }
}

impl From<ReceiverAttachError> for Fault {
    fn from(error: ReceiverAttachError) -> Self {
        match &error {
            ReceiverAttachError::RemoteClosedWithError(given) => Self::new(false, Some(given), &error),
            ReceiverAttachError::SessionStopped(reason) => Self::of_session(reason, &error),
            _ => Self::new(false, None, &error),
        }
    }
}

impl From<SenderAttachError> for Fault {
    fn from(error: SenderAttachError) -> Self {
        match &error {
            SenderAttachError::RemoteClosedWithError(given) => Self::new(false, Some(given), &error),
            SenderAttachError::SessionStopped(reason) => Self::of_session(reason, &error),
            _ => Self::new(false, None, &error),
        }
    }
}

impl From<LinkStateError> for Fault {
    fn from(error: LinkStateError) -> Self {
        match &error {
            LinkStateError::RemoteDetachedWithError(given) | LinkStateError::RemoteClosedWithError(given) => {
                Self::new(false, Some(given), &error)
            }
            LinkStateError::SessionStopped(reason) => Self::of_session(reason, &error),
            _ => Self::new(false, None, &error),
        }
    }
}

impl From<IllegalLinkStateError> for Fault {
    fn from(error: IllegalLinkStateError) -> Self {
        LinkStateError::from(error).into()
    }
}

impl From<RecvError> for Fault {
    fn from(error: RecvError) -> Self {
        match error {
            RecvError::LinkStateError(error) => error.into(),
            error => Self::new(false, None, &error),
        }
    }
}

/// The links of `$cbs` or `$management` could not be attached.
impl From<AttachError> for Fault {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Sender(error) => error.into(),
            AttachError::Receiver(error) => error.into(),
        }
    }
}

/// `$cbs` or `$management` has not done what it was asked.
impl From<ManagementError> for Fault {
    fn from(error: ManagementError) -> Self {
        match error {
            ManagementError::Status(answer) => {
                Self::of_link(Trouble::of_status(answer.code.0.get(), answer.description.as_deref()))
            }
            ManagementError::Recv(error) => error.into(),
            ManagementError::Send(SendError::LinkStateError(error)) => error.into(),
            error => Self::new(false, None, &error),
        }
    }
}

fn condition(error: &HubError) -> Symbol {
    match &error.condition {
        ErrorCondition::AmqpError(condition) => Symbol::from(condition),
        ErrorCondition::ConnectionError(condition) => Symbol::from(condition),
        ErrorCondition::SessionError(condition) => Symbol::from(condition),
        ErrorCondition::LinkError(condition) => Symbol::from(condition),
        ErrorCondition::Custom(condition) => condition.clone(),
    }
}
