//! Why the hub has not taken events, in the few classes that make a difference to an operator.

/// Why the hub has not accepted events. The texts tell an operator what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No connection could be opened, or the one there was is gone without a word. Tried again.
    #[error(
        "The event hub can't be reached ({0}). Check the name of the namespace, the network, and the firewall of the namespace."
    )]
    Unreachable(String),
    /// The hub has ended a connection or a link, or can't serve now. Tried again.
    #[error("The event hub has interrupted its service ({0}). If that goes on, check the health of the namespace.")]
    Interrupted(String),
    /// The hub took the connection but did not answer in time. Tried again.
    #[error("The event hub does not answer. Check the health of the namespace.")]
    NoAnswer,
    /// Wrong key, expired signature, missing role, or no login.
    #[error(
        "The event hub denies access ({0}). Check the key in the connection string, or that the identity has the role Azure Event Hubs Data Sender on the hub."
    )]
    Denied(String),
    /// No such hub.
    #[error("The event hub does not exist in its namespace ({0}). Check its name.")]
    NotFound(String),
    /// More than the throughput units allow, or a quota. Tried again.
    #[error(
        "The event hub is throttling ({0}). Raise the throughput units of the namespace or let it inflate by itself."
    )]
    Throttled(String),
    /// The hub does not take an event of this size, ever.
    #[error("A record is larger than an event that the event hub takes.")]
    TooLarge,
    /// The hub answered, but with something other than "accepted". Tried again.
    #[error("The event hub did not accept the records ({0}). They are not stored.")]
    NotAccepted(String),
    /// What waits has all of the memory. Tried again by whoever has time for it.
    #[error(
        "There is no memory for the delivery: others, which wait for the event hub, fill what is set aside for them."
    )]
    NoMemory,
    /// The producer is being stopped.
    #[error("The producer is stopping.")]
    Stopped,
}

impl SendError {
    /// Whether trying again soon could help.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::Interrupted(_)
                | Self::NoAnswer
                | Self::Throttled(_)
                | Self::NotAccepted(_)
                | Self::NoMemory
        )
    }

    /// A word for status pages and for alerts over a log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Interrupted(_) => "interrupted",
            Self::NoAnswer => "noAnswer",
            Self::Denied(_) => "denied",
            Self::NotFound(_) => "notFound",
            Self::Throttled(_) => "throttled",
            Self::TooLarge => "tooLarge",
            Self::NotAccepted(_) => "notAccepted",
            Self::NoMemory => "noMemory",
            Self::Stopped => "stopped",
        }
    }

    /// What the service means by an error condition. Source: learn.microsoft.com, "AMQP errors in Azure Service Bus" and
    /// the conditions of AMQP itself (OASIS, "AMQP Version 1.0", part 2.8).
    pub(crate) fn of_condition(condition: &str, description: Option<&str>) -> Self {
        let text = match description {
            Some(description) => format!("{condition}: {description}"),
            None => condition.to_owned(),
        };
        match condition {
            "com.microsoft:server-busy" | "amqp:resource-limit-exceeded" => Self::Throttled(text),
            "amqp:unauthorized-access" | "com.microsoft:entity-disabled" | "com.microsoft:publisher-revoked" => {
                Self::Denied(text)
            }
            // Out of range is a partition that the hub does not have.
            "amqp:not-found" | "amqp:resource-deleted" | "com.microsoft:argument-out-of-range" => Self::NotFound(text),
            "amqp:link:message-size-exceeded" => Self::TooLarge,
            "amqp:connection:forced"
            | "amqp:connection:framing-error"
            | "amqp:link:detach-forced"
            | "amqp:internal-error"
            | "com.microsoft:timeout"
            | "com.microsoft:operation-cancelled" => Self::Interrupted(text),
            _ => Self::NotAccepted(text),
        }
    }

    /// What `$cbs` and `$management` mean by a status, which is one of HTTP's.
    pub(crate) fn of_status(status: u16, description: Option<&str>) -> Self {
        let text = format!("{status}: {}", description.unwrap_or("no reason given"));
        match status {
            401 | 403 => Self::Denied(text),
            404 => Self::NotFound(text),
            429 => Self::Throttled(text),
            _ => Self::Interrupted(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_s_conditions_are_told_apart() {
        let kinds = [
            ("com.microsoft:server-busy", "throttled"),
            ("amqp:resource-limit-exceeded", "throttled"),
            ("amqp:unauthorized-access", "denied"),
            ("amqp:not-found", "notFound"),
            ("amqp:link:message-size-exceeded", "tooLarge"),
            ("com.microsoft:argument-out-of-range", "notFound"),
            ("amqp:connection:forced", "interrupted"),
            ("amqp:not-allowed", "notAccepted"),
            ("com.microsoft:something-new", "notAccepted"),
        ];
        for (condition, kind) in kinds {
            assert_eq!(SendError::of_condition(condition, None).kind(), kind, "{condition}");
        }
        for (status, kind) in [(401, "denied"), (404, "notFound"), (429, "throttled"), (503, "interrupted")] {
            assert_eq!(SendError::of_status(status, None).kind(), kind, "{status}");
        }
    }

    #[test]
    fn texts_tell_what_to_do() {
        let condition = |condition| SendError::of_condition(condition, Some("the service's words"));
        let status = |status| SendError::of_status(status, Some("the service's words"));
        insta::assert_snapshot!(status(401), @"The event hub denies access (401: the service's words). Check the key in the connection string, or that the identity has the role Azure Event Hubs Data Sender on the hub.");
        insta::assert_snapshot!(status(404), @"The event hub does not exist in its namespace (404: the service's words). Check its name.");
        insta::assert_snapshot!(status(503), @"The event hub has interrupted its service (503: the service's words). If that goes on, check the health of the namespace.");
        insta::assert_snapshot!(condition("com.microsoft:server-busy"), @"The event hub is throttling (com.microsoft:server-busy: the service's words). Raise the throughput units of the namespace or let it inflate by itself.");
        insta::assert_snapshot!(condition("amqp:not-allowed"), @"The event hub did not accept the records (amqp:not-allowed: the service's words). They are not stored.");
        insta::assert_snapshot!(SendError::Unreachable("connection refused".to_owned()), @"The event hub can't be reached (connection refused). Check the name of the namespace, the network, and the firewall of the namespace.");
        insta::assert_snapshot!(SendError::NoAnswer, @"The event hub does not answer. Check the health of the namespace.");
        insta::assert_snapshot!(SendError::TooLarge, @"A record is larger than an event that the event hub takes.");
        insta::assert_snapshot!(SendError::NoMemory, @"There is no memory for the delivery: others, which wait for the event hub, fill what is set aside for them.");
        insta::assert_snapshot!(SendError::Stopped, @"The producer is stopping.");
    }
}
