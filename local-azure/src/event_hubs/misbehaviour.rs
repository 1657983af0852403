//! What a service in trouble does: the words in which tests and the control API say how it shall misbehave.

use serde::{Deserialize, Serialize};

/// How a transfer that has arrived is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// Stored and accepted: what a healthy service does.
    #[default]
    Accept,
    /// Not stored, and answered `released`.
    Release,
    /// Not stored, and answered `modified`.
    Modify,
    /// Not stored, and answered `rejected`.
    Reject {
        /// The AMQP condition, such as `com.microsoft:server-busy`.
        condition: String,
        /// What goes with it.
        description: String,
    },
    /// Not stored and never answered.
    Silent,
    /// Stored at once, but accepted only after [`Faults::release_held`](super::Faults::release_held).
    Hold,
    /// Not stored, and the link is closed with an error instead of an answer.
    Detach {
        /// The AMQP condition, such as `amqp:link:detach-forced`.
        condition: String,
        /// What goes with it.
        description: String,
    },
}

impl Answer {
    /// A rejection.
    #[must_use]
    pub fn reject(condition: &str, description: &str) -> Self {
        Self::Reject { condition: condition.to_owned(), description: description.to_owned() }
    }

    /// What an overloaded namespace says.
    #[must_use]
    pub fn server_busy() -> Self {
        Self::reject(
            "com.microsoft:server-busy",
            "The request was terminated because the entity is being throttled. Please wait 4 seconds and try again.",
        )
    }

    /// What a hub says to a sender whose right to send was taken away.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::reject(
            "amqp:unauthorized-access",
            "Unauthorized access. 'Send' claim(s) are required to perform this operation.",
        )
    }

    /// A link that is closed while a transfer is in flight, as when the service moves a partition to another machine.
    #[must_use]
    pub fn detach(condition: &str, description: &str) -> Self {
        Self::Detach { condition: condition.to_owned(), description: description.to_owned() }
    }
}

/// When the connection that brings a transfer is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cut {
    /// The transfer is lost.
    BeforeStoring,
    /// The transfer is stored and its answer is lost.
    AfterStoring,
}

/// An event to be told apart from others. What is not given is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matching {
    /// Its message id.
    pub message_id: Option<String>,
    /// Its partition key.
    pub partition_key: Option<String>,
}

impl Matching {
    /// The event with this message id.
    #[must_use]
    pub fn message_id(id: &str) -> Self {
        Self { message_id: Some(id.to_owned()), partition_key: None }
    }

    /// Events with this partition key.
    #[must_use]
    pub fn partition_key(key: &str) -> Self {
        Self { message_id: None, partition_key: Some(key.to_owned()) }
    }
}
