//! What a service in trouble does to connections and tokens, whatever it serves.

use serde::{Deserialize, Serialize};

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
    /// Dropped as soon as they are accepted. (With nobody listening at all: pause the endpoint.)
    Refuse,
    /// Accepted, and never answered with a single byte, for as long as they last.
    Silent,
}
