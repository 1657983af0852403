//! From values of AMQP to JSON, by way of the types that .NET's clients give them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fe2o3_amqp_types::primitives::{SimpleValue, Value};
use uuid::Uuid;

use super::super::newtonsoft::{Moment, Token};

/// The JSON of a value. Decimals, which nobody sends, become null.
pub(in super::super) fn json_of(value: &Value) -> Token {
    match value {
        Value::Described(described) => json_of(&described.value),
        Value::Bool(value) => Token::Bool(*value),
        Value::Ubyte(value) => Token::Integer(value.to_string()),
        Value::Ushort(value) => Token::Integer(value.to_string()),
        Value::Uint(value) => Token::Integer(value.to_string()),
        Value::Ulong(value) => Token::Integer(value.to_string()),
        Value::Byte(value) => Token::Integer(value.to_string()),
        Value::Short(value) => Token::Integer(value.to_string()),
        Value::Int(value) => Token::Integer(value.to_string()),
        Value::Long(value) => Token::Integer(value.to_string()),
        Value::Float(value) => Token::Float(widened(value.0)),
        Value::Double(value) => Token::Float(value.0),
        Value::Char(value) => Token::String(value.to_string()),
        Value::Timestamp(value) => Token::String(Moment::from_milliseconds(value.milliseconds()).utc()),
        Value::Uuid(value) => Token::String(Uuid::from_bytes(value.clone().into_inner()).to_string()),
        Value::Binary(value) => Token::String(STANDARD.encode(value)),
        Value::String(value) => Token::String(value.clone()),
        Value::Symbol(value) => Token::String(value.0.clone()),
        Value::List(values) => Token::Array(values.iter().map(json_of).collect()),
        Value::Array(values) => Token::Array(values.iter().map(json_of).collect()),
        Value::Map(map) => {
            let name = |value: &Value| json_of(value).invariant_text().unwrap_or_default();
            Token::Object(map.iter().map(|(key, value)| (name(key), json_of(value))).collect())
        }
        Value::Null | Value::Decimal32(_) | Value::Decimal64(_) | Value::Decimal128(_) => Token::Null,
    }
}

/// The double with the digits of a single, which is what is written of it.
fn widened(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// A timestamp in milliseconds since 1970.
pub(in super::super) fn milliseconds_of(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(value) => Some(value.milliseconds()),
        _ => None,
    }
}

/// A value of the kind that application properties have.
pub(super) fn json_of_simple(value: &SimpleValue) -> Token {
    json_of(&Value::from(value.clone()))
}
