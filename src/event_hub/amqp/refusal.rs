//! Errors of the AMQP library in the few classes that make a difference to an operator. Where the hub gave an error, at
//! whatever level, that is the one that counts; all else means that the connection is no good.

use std::{fmt::Display, io};

use fe2o3_amqp::{
    connection::{ConnectionStopReason, OpenError},
    link::{
        DetachError, LinkStateError, ReceiverAttachError, RecvError, SendError as LinkError, SenderAttachError,
        SessionStopReason,
    },
    session::BeginError,
};
use fe2o3_amqp_management::error::{AttachError, Error as ManagementError};
use fe2o3_amqp_types::{
    definitions::{Error as HubError, ErrorCondition},
    primitives::Symbol,
};

use crate::event_hub::SendError;

impl From<OpenError> for SendError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::RemoteClosedWithError(given) => of_hub(&given),
            OpenError::Io(error) => error.into(),
            error => classified(None, &error),
        }
    }
}

impl From<io::Error> for SendError {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl From<BeginError> for SendError {
    fn from(error: BeginError) -> Self {
        let given = match &error {
            BeginError::RemoteEndedWithError(given) => Some(given),
            BeginError::ConnectionStopped(reason) => of_connection(reason),
            _ => None,
        };
        classified(given, &error)
    }
}

impl From<SenderAttachError> for SendError {
    fn from(error: SenderAttachError) -> Self {
        let given = match &error {
            SenderAttachError::RemoteClosedWithError(given) => Some(given),
            SenderAttachError::SessionStopped(reason) => of_session(reason),
            _ => None,
        };
        classified(given, &error)
    }
}

impl From<ReceiverAttachError> for SendError {
    fn from(error: ReceiverAttachError) -> Self {
        let given = match &error {
            ReceiverAttachError::RemoteClosedWithError(given) => Some(given),
            ReceiverAttachError::SessionStopped(reason) => of_session(reason),
            _ => None,
        };
        classified(given, &error)
    }
}

/// The links of `$cbs` or `$management` could not be attached.
impl From<AttachError> for SendError {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Sender(error) => error.into(),
            AttachError::Receiver(error) => error.into(),
        }
    }
}

/// `$cbs` or `$management` has not done what it was asked.
impl From<ManagementError> for SendError {
    fn from(error: ManagementError) -> Self {
        match error {
            ManagementError::Status(answer) => Self::of_status(answer.code.0.get(), answer.description.as_deref()),
            ManagementError::Send(error) => error.into(),
            ManagementError::Recv(RecvError::LinkStateError(error)) => classified(of_link(&error), &error),
            error => classified(None, &error),
        }
    }
}

/// A batch could not be sent, or will never be answered.
impl From<LinkError> for SendError {
    fn from(error: LinkError) -> Self {
        let given = match &error {
            LinkError::MessageSizeExceeded(_) => return Self::TooLarge,
            LinkError::LinkStateError(state) => of_link(state),
            LinkError::Detached(
                DetachError::RemoteDetachedWithError(given) | DetachError::RemoteClosedWithError(given),
            ) => Some(given),
            LinkError::Detached(DetachError::SessionStopped(reason)) => of_session(reason),
            _ => None,
        };
        classified(given, &error)
    }
}

/// What the hub says, in its own words.
pub(super) fn of_hub(error: &HubError) -> SendError {
    let condition = match &error.condition {
        ErrorCondition::AmqpError(condition) => Symbol::from(condition),
        ErrorCondition::ConnectionError(condition) => Symbol::from(condition),
        ErrorCondition::SessionError(condition) => Symbol::from(condition),
        ErrorCondition::LinkError(condition) => Symbol::from(condition),
        ErrorCondition::Custom(condition) => condition.clone(),
    };
    SendError::of_condition(condition.as_str(), error.description.as_deref())
}

fn of_link(state: &LinkStateError) -> Option<&HubError> {
    match state {
        LinkStateError::RemoteDetachedWithError(given) | LinkStateError::RemoteClosedWithError(given) => Some(given),
        LinkStateError::SessionStopped(reason) => of_session(reason),
        _ => None,
    }
}

fn of_session(reason: &SessionStopReason) -> Option<&HubError> {
    match reason {
        SessionStopReason::RemoteEndedWithError(given) => Some(given),
        SessionStopReason::ConnectionStopped(reason) => of_connection(reason),
        _ => None,
    }
}

fn of_connection(reason: &ConnectionStopReason) -> Option<&HubError> {
    match reason {
        ConnectionStopReason::RemoteClosedWithError(given) => Some(given),
        _ => None,
    }
}

fn classified(given: Option<&HubError>, error: &dyn Display) -> SendError {
    given.map_or_else(|| SendError::Unreachable(error.to_string()), of_hub)
}
