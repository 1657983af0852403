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

/// How tokens are answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TokenAnswer {
    /// By what they are: what a healthy service does.
    #[default]
    Verify,
    /// Refused, whatever they are.
    Refuse {
        /// The status, such as 401 or 503.
        status: i32,
        /// What goes with it.
        description: String,
    },
}

/// How connections are received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reception {
    /// Served: what a healthy service does.
    #[default]
    Serve,
    /// Dropped as soon as they are accepted. (With nobody listening at all: [`EventHubs::pause`](super::EventHubs::pause).)
    Refuse,
    /// Accepted, and never answered with a single byte, for as long as they last.
    Silent,
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
