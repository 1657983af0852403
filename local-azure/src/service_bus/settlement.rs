//! What a receiver makes of a message that it has locked.

use fe2o3_amqp_types::{
    definitions::Fields,
    messaging::{DeliveryState, Modified, Rejected},
    primitives::{OrderedMap, SimpleValue, Value},
};

use crate::amqp::refusal::Refusal;

/// Why a message is in the dead-letter queue; an application property of it.
pub(super) const REASON: &str = "DeadLetterReason";
/// The same at length.
pub(super) const DESCRIPTION: &str = "DeadLetterErrorDescription";

/// Application properties that a message gets when it is settled.
pub(super) type Changes = Vec<(String, SimpleValue)>;

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Settlement {
    /// It is done with, and removed.
    Complete,
    /// It failed: it can be received again, and the delivery counts.
    Abandon(Changes),
    /// It was not looked at: it can be received again, and the delivery does not count.
    Release,
    /// It is set aside in the dead-letter queue.
    DeadLetter(Changes),
}

impl Settlement {
    /// Reads the outcome of a delivery. `None` if it has none yet.
    pub(super) fn of_state(state: Option<&DeliveryState>) -> Result<Option<Self>, Refusal> {
        match state {
            None | Some(DeliveryState::Received(_)) => Ok(None),
            Some(DeliveryState::Accepted(_)) => Ok(Some(Self::Complete)),
            Some(DeliveryState::Released(_)) => Ok(Some(Self::Release)),
            Some(DeliveryState::Modified(Modified { undeliverable_here: Some(true), .. })) => Err(deferral()),
            Some(DeliveryState::Modified(modified)) => {
                Ok(Some(Self::Abandon(changes(modified.message_annotations.as_ref()))))
            }
            Some(DeliveryState::Rejected(Rejected { error })) => {
                let info = error.as_ref().and_then(|error| error.info.as_deref());
                Ok(Some(Self::DeadLetter(changes(info))))
            }
        }
    }

    /// Reads a request to `$management`.
    pub(super) fn of_request(request: &OrderedMap<Value, Value>) -> Result<Self, Refusal> {
        let field = |name: &str| request.get(&Value::String(name.to_owned()));
        let status = match field("disposition-status") {
            Some(Value::String(status)) => status.as_str(),
            _ => "",
        };
        let mut changes = match field("properties-to-modify") {
            Some(Value::Map(properties)) => properties.iter().filter_map(|(name, value)| change(name, value)).collect(),
            _ => Changes::new(),
        };
        match status {
            "completed" => Ok(Self::Complete),
            "abandoned" => Ok(Self::Abandon(changes)),
            "suspended" => {
                for (name, key) in [("deadletter-reason", REASON), ("deadletter-description", DESCRIPTION)] {
                    if let Some(Value::String(text)) = field(name) {
                        changes.push((key.to_owned(), SimpleValue::String(text.clone())));
                    }
                }
                Ok(Self::DeadLetter(changes))
            }
            "defered" => Err(deferral()),
            other => Err(Refusal::new("amqp:invalid-field", format!("The disposition '{other}' is not known."))),
        }
    }
}

fn deferral() -> Refusal {
    Refusal::new("amqp:not-implemented", "Messages can't be deferred here.")
}

fn changes(fields: Option<&Fields>) -> Changes {
    let fields = fields.into_iter().flat_map(|fields| fields.iter());
    fields.filter_map(|(name, value)| change(&Value::Symbol(name.clone()), value)).collect()
}

fn change(name: &Value, value: &Value) -> Option<(String, SimpleValue)> {
    let name = match name {
        Value::String(name) => name.clone(),
        Value::Symbol(name) => name.0.clone(),
        _ => return None,
    };
    // A reason that a client leaves out may come as null.
    Some((name, SimpleValue::try_from(value.clone()).ok().filter(|value| *value != SimpleValue::Null)?))
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp_types::{
        definitions::{Error, ErrorCondition},
        messaging::{Accepted, Released},
        primitives::Symbol,
    };

    use super::*;

    fn settlement(state: impl Into<DeliveryState>) -> Result<Option<Settlement>, Refusal> {
        Settlement::of_state(Some(&state.into()))
    }

    fn change(name: &str, value: &str) -> (String, SimpleValue) {
        (name.to_owned(), SimpleValue::String(value.to_owned()))
    }

    fn modified(undeliverable_here: Option<bool>) -> Modified {
        let annotations = Fields::from_iter([(Symbol::from("seen"), Value::String("yes".to_owned()))]);
        Modified { delivery_failed: None, undeliverable_here, message_annotations: Some(annotations) }
    }

    #[test]
    fn outcomes_are_understood() {
        assert_eq!(settlement(Accepted {}), Ok(Some(Settlement::Complete)));
        assert_eq!(settlement(Released {}), Ok(Some(Settlement::Release)));
        assert_eq!(settlement(modified(None)), Ok(Some(Settlement::Abandon(vec![change("seen", "yes")]))));
        assert!(settlement(modified(Some(true))).is_err());
        assert_eq!(Settlement::of_state(None), Ok(None));

        let info = [(Symbol::from(REASON), Value::String("bad".to_owned())), (Symbol::from(DESCRIPTION), Value::Null)];
        let condition = ErrorCondition::Custom(Symbol::from("com.microsoft:dead-letter"));
        let rejected = Rejected { error: Some(Error::new(condition, None, Some(Fields::from_iter(info)))) };
        assert_eq!(settlement(rejected), Ok(Some(Settlement::DeadLetter(vec![change(REASON, "bad")]))));
        assert_eq!(settlement(Rejected { error: None }), Ok(Some(Settlement::DeadLetter(Vec::new()))));
    }

    #[test]
    fn requests_are_understood() {
        let text = |text: &str| Value::String(text.to_owned());
        let request = |fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(name, value)| (text(name), text(value)));
            Settlement::of_request(&fields.collect())
        };
        assert_eq!(request(&[("disposition-status", "completed")]), Ok(Settlement::Complete));
        assert_eq!(request(&[("disposition-status", "abandoned")]), Ok(Settlement::Abandon(Vec::new())));
        let dead = request(&[("disposition-status", "suspended"), ("deadletter-reason", "bad")]);
        assert_eq!(dead, Ok(Settlement::DeadLetter(vec![change(REASON, "bad")])));
        assert!(request(&[("disposition-status", "defered")]).is_err());
        assert!(request(&[]).is_err());
    }
}
