//! Why a link, a token or a request is turned down, in the words that the service uses.

use fe2o3_amqp_types::{
    definitions::{Error, ErrorCondition},
    primitives::Symbol,
};

/// An AMQP error condition with its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    condition: String,
    description: String,
}

impl Refusal {
    pub(crate) fn new(condition: impl Into<String>, description: impl Into<String>) -> Self {
        Self { condition: condition.into(), description: description.into() }
    }

    pub(crate) fn condition(&self) -> &str {
        &self.condition
    }

    pub(crate) fn description(&self) -> &str {
        &self.description
    }

    /// Nothing is at this address.
    pub(crate) fn not_found(address: &str) -> Self {
        Self::new("amqp:not-found", format!("The messaging entity '{address}' could not be found."))
    }

    /// The connection holds no token for this address.
    pub(crate) fn unauthorized(claim: &str, address: &str) -> Self {
        Self::new(
            "amqp:unauthorized-access",
            format!(
                "Unauthorized access. '{claim}' claim(s) are required to perform this operation. Resource: '{address}'."
            ),
        )
    }

    /// The connection's token was good for this address and is no longer.
    pub(crate) fn expired(address: &str) -> Self {
        Self::new("amqp:unauthorized-access", format!("ExpiredToken: The token is expired. Resource: '{address}'."))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        // On the wire every condition is a symbol, so no need to sort it into the library's families.
        let condition = ErrorCondition::Custom(Symbol::from(refusal.condition));
        Self::new(condition, refusal.description, None)
    }
}
