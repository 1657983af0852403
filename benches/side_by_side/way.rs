//! The ways in which events reach a handler.

use clap::ValueEnum;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
pub enum Way {
    /// The Event Grid trigger: the host wraps the events up.
    Function,
    /// An HTTP trigger: the host forwards Event Grid's own request.
    Webhook,
    /// The Event Hubs trigger: the host writes messages and their attributes into arrays.
    EventHub,
    /// The Service Bus trigger: the same.
    ServiceBus,
}

impl Way {
    pub const ALL: [Self; 4] = [Self::Function, Self::Webhook, Self::EventHub, Self::ServiceBus];

    pub fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Webhook => "webhook",
            Self::EventHub => "event-hub",
            Self::ServiceBus => "service-bus",
        }
    }
}
