//! The ways in which Event Grid's events reach a handler.

use clap::ValueEnum;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
pub enum Way {
    /// The Event Grid trigger: the host wraps the events up.
    Function,
    /// An HTTP trigger: the host forwards Event Grid's own request.
    Webhook,
}

impl Way {
    pub const ALL: [Self; 2] = [Self::Function, Self::Webhook];

    pub fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Webhook => "webhook",
        }
    }
}
