//! Errors of the AMQP library as failures. Where the hub has given an error, at whatever level, that one is told.

use std::fmt::Display;

use fe2o3_amqp::{
    connection::{ConnectionStopReason, Error as ConnectionError, OpenError},
    link::{
        LinkStateError, ReceiverAttachError, RecvError, SendError as LinkError, SenderAttachError, SessionStopReason,
    },
    session::BeginError,
};
use fe2o3_amqp_management::error::{AttachError, Error as ManagementError};
use fe2o3_amqp_types::{
    definitions::{Error as HubError, ErrorCondition},
    primitives::Symbol,
};

use super::stream::ConnectError;
use crate::{
    error::SendError,
    transport::{Broken, Failure},
};

/// What is broken, and the hub's words for why, if there are any.
type Seen<'a> = (Broken, Option<&'a HubError>);

/// What the hub says of one batch.
pub(super) fn of_outcome(error: &HubError) -> Failure {
    Failure::outcome(SendError::of_condition(condition(error).as_str(), error.description.as_deref()))
}

impl From<Failure> for SendError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let given = match &error {
            ConnectError::Open(OpenError::RemoteClosedWithError(given)) => Some(given),
            _ => None,
        };
        failure((Broken::Connection, given), &error)
    }
}

impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        let given = if let ConnectionError::RemoteClosedWithError(given) = &error { Some(given) } else { None };
        failure((Broken::Connection, given), &error)
    }
}

impl From<BeginError> for Failure {
    fn from(error: BeginError) -> Self {
        let seen = match &error {
            BeginError::RemoteEndedWithError(given) => (Broken::Link, Some(given)),
            BeginError::ConnectionStopped(reason) => of_connection(reason),
            _ => (Broken::Link, None),
        };
        failure(seen, &error)
    }
}

impl From<SenderAttachError> for Failure {
    fn from(error: SenderAttachError) -> Self {
        let seen = match &error {
            SenderAttachError::RemoteClosedWithError(given) => (Broken::Link, Some(given)),
            SenderAttachError::SessionStopped(reason) => of_session(reason),
            _ => (Broken::Link, None),
        };
        failure(seen, &error)
    }
}

/// The links of `$cbs` or `$management` could not be attached.
impl From<AttachError> for Failure {
    fn from(error: AttachError) -> Self {
        let error = match error {
            AttachError::Sender(error) => return error.into(),
            AttachError::Receiver(error) => error,
        };
        let seen = match &error {
            ReceiverAttachError::RemoteClosedWithError(given) => (Broken::Link, Some(given)),
            ReceiverAttachError::SessionStopped(reason) => of_session(reason),
            _ => (Broken::Link, None),
        };
        failure(seen, &error)
    }
}

/// `$cbs` or `$management` has not done what it was asked.
impl From<ManagementError> for Failure {
    fn from(error: ManagementError) -> Self {
        match error {
            ManagementError::Status(answer) => {
                Self::of_link(SendError::of_status(answer.code.0.get(), answer.description.as_deref()))
            }
            ManagementError::Send(error) => error.into(),
            ManagementError::Recv(RecvError::LinkStateError(error)) => error.into(),
            error => failure((Broken::Link, None), &error),
        }
    }
}

/// A batch could not be sent, or its outcome will never come.
impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::MessageSizeExceeded(_) => Self::outcome(SendError::TooLarge),
            LinkError::LinkStateError(state) => state.into(),
            LinkError::Detached(detached) => LinkStateError::from(detached).into(),
            error => failure((Broken::Link, None), &error),
        }
    }
}

impl From<LinkStateError> for Failure {
    fn from(state: LinkStateError) -> Self {
        let seen = match &state {
            LinkStateError::RemoteDetachedWithError(given) | LinkStateError::RemoteClosedWithError(given) => {
                (Broken::Link, Some(given))
            }
            LinkStateError::SessionStopped(reason) => of_session(reason),
            _ => (Broken::Link, None),
        };
        failure(seen, &state)
    }
}

/// Each link has a session of its own, so that a session that ends is a link that is lost.
fn of_session(reason: &SessionStopReason) -> Seen<'_> {
    match reason {
        SessionStopReason::RemoteEndedWithError(given) => (Broken::Link, Some(given)),
        SessionStopReason::ConnectionStopped(reason) => of_connection(reason),
        _ => (Broken::Link, None),
    }
}

fn of_connection(reason: &ConnectionStopReason) -> Seen<'_> {
    match reason {
        ConnectionStopReason::RemoteClosedWithError(given) => (Broken::Connection, Some(given)),
        _ => (Broken::Connection, None),
    }
}

fn failure((broken, given): Seen<'_>, error: &dyn Display) -> Failure {
    let error = match given.map(|given| (condition(given), given.description.as_deref())) {
        None if broken == Broken::Connection => SendError::Unreachable(error.to_string()),
        None => SendError::Interrupted(error.to_string()),
        Some((condition, description)) => match SendError::of_condition(condition.as_str(), description) {
            // Of a link or a connection it says nothing of any one message.
            SendError::TooLarge => SendError::Interrupted(condition.to_string()),
            SendError::NotAccepted(text) => SendError::Interrupted(text),
            error => error,
        },
    };
    Failure { broken, error }
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
