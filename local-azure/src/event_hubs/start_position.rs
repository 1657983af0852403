//! Where a consumer wants to start: the filter on its link, which every client writes as a small SQL-like expression.

use fe2o3_amqp_types::{
    messaging::{FilterSet, Source},
    primitives::{Symbol, Value},
};

use crate::amqp::refusal::Refusal;

const SELECTOR: &str = "apache.org:selector-filter:string";

/// The place in a partition from which on a consumer gets events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartPosition {
    /// After the event whose field has this value, or with it when inclusive.
    After { field: Field, value: i64, inclusive: bool },
    /// Only what arrives from now on.
    Latest,
}

/// What a start position is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Offset,
    SequenceNumber,
    /// In milliseconds since 1970.
    EnqueuedTime,
}

impl StartPosition {
    /// The beginning of what is retained, which is what a link without a filter gets.
    const EARLIEST: Self = Self::After { field: Field::Offset, value: -1, inclusive: false };

    /// Reads the filter of a link's source.
    pub(super) fn of(source: Option<&Source>) -> Result<Self, Refusal> {
        match source.and_then(|source| source.filter.as_ref()).and_then(expression) {
            Some(expression) => Self::parse(expression).ok_or_else(|| {
                Refusal::new("com.microsoft:argument-error", format!("The filter '{expression}' is not supported."))
            }),
            None => Ok(Self::EARLIEST),
        }
    }

    /// Reads an expression such as `amqp.annotation.x-opt-offset > '-1'`.
    fn parse(expression: &str) -> Option<Self> {
        let (field, rest) = expression.split_once('>')?;
        let (inclusive, value) = match rest.strip_prefix('=') {
            Some(value) => (true, value),
            None => (false, rest),
        };
        let field = match field.trim().strip_prefix("amqp.annotation.")? {
            "x-opt-offset" => Field::Offset,
            "x-opt-sequence-number" => Field::SequenceNumber,
            "x-opt-enqueued-time" => Field::EnqueuedTime,
            _ => return None,
        };
        match value.trim().trim_matches('\'') {
            "@latest" => Some(Self::Latest),
            value => Some(Self::After { field, value: value.parse().ok()?, inclusive }),
        }
    }
}

/// The expression in a filter set: a string, which current clients wrap in a described type.
fn expression(filters: &FilterSet) -> Option<&str> {
    match filters.get(&Symbol::from(SELECTOR))? {
        Value::String(expression) => Some(expression),
        Value::Described(described) => match &described.value {
            Value::String(expression) => Some(expression),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, StartPosition};

    #[test]
    fn reads_what_the_clients_write() {
        let cases = [
            ("amqp.annotation.x-opt-offset > '-1'", Some(StartPosition::EARLIEST)),
            ("amqp.annotation.x-opt-offset > '@latest'", Some(StartPosition::Latest)),
            (
                "amqp.annotation.x-opt-sequence-number >='12'",
                Some(StartPosition::After { field: Field::SequenceNumber, value: 12, inclusive: true }),
            ),
            (
                "amqp.annotation.x-opt-enqueued-time > '1700000000000'",
                Some(StartPosition::After { field: Field::EnqueuedTime, value: 1_700_000_000_000, inclusive: false }),
            ),
            // The .NET client writes no quotes.
            ("amqp.annotation.x-opt-offset > @latest", Some(StartPosition::Latest)),
            (
                "amqp.annotation.x-opt-offset >= 120",
                Some(StartPosition::After { field: Field::Offset, value: 120, inclusive: true }),
            ),
            ("amqp.annotation.x-opt-colour > '1'", None),
            ("amqp.annotation.x-opt-offset = '1'", None),
            ("amqp.annotation.x-opt-offset > 'soon'", None),
        ];
        for (expression, expected) in cases {
            assert_eq!(StartPosition::parse(expression), expected, "{expression}");
        }
    }
}
