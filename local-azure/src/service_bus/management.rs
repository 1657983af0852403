//! `$management` of a queue: locks are renewed, messages looked at without receiving them, and settled by those who lost
//! the link on which they got them.
//!
//! Source: "AMQP 1.0 in Microsoft Azure Service Bus: request-response-based operations" in Azure's documentation.

use fe2o3_amqp_types::{
    messaging::Body,
    primitives::{Array, OrderedMap, Timestamp, Value},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{answer::Answer, settlement::Settlement, store::Entity};
use crate::amqp::{message::AmqpMessage, refusal::Refusal, reply::property};

type Map = OrderedMap<Value, Value>;

/// Answers a request to `$management`.
pub(super) fn answer(request: &AmqpMessage, entity: &Entity, now: OffsetDateTime) -> Answer {
    let Some(body) = map(request) else {
        return Answer::failure(400, &Refusal::new("amqp:decode-error", "The body of the request is no map."));
    };
    let answered = match property(request, "operation") {
        Some("com.microsoft:renew-lock") => renew_locks(body, entity, now),
        Some("com.microsoft:update-disposition") => settle(body, entity, now),
        Some("com.microsoft:peek-message") => peek(body, entity),
        other => {
            let operation = other.unwrap_or_default();
            Err(Refusal::new("amqp:not-implemented", format!("The operation '{operation}' is not known here.")))
        }
    };
    answered.unwrap_or_else(|refusal| Answer::failure(status_of(&refusal), &refusal))
}

fn renew_locks(body: &Map, entity: &Entity, now: OffsetDateTime) -> Result<Answer, Refusal> {
    let renew = |token| entity.renew(token, now).map(|until| Value::Timestamp(Timestamp::from(until)));
    let expirations: Result<Vec<_>, _> = lock_tokens(body)?.into_iter().map(renew).collect();
    Ok(Answer::success("expirations", Value::Array(Array::from(expirations?))))
}

fn settle(body: &Map, entity: &Entity, now: OffsetDateTime) -> Result<Answer, Refusal> {
    let settlement = Settlement::of_request(body)?;
    for token in lock_tokens(body)? {
        entity.settle(token, settlement.clone(), now)?;
    }
    Ok(Answer::done())
}

fn peek(body: &Map, entity: &Entity) -> Result<Answer, Refusal> {
    let (Some(from), Some(count)) = (number(body, "from-sequence-number"), number(body, "message-count")) else {
        return Err(Refusal::new("amqp:invalid-field", "The request needs a sequence number and a count."));
    };
    let messages = entity.peek(from, usize::try_from(count).unwrap_or_default());
    if messages.is_empty() {
        return Ok(Answer::nothing());
    }
    let peeked = messages.iter().map(|message| {
        let encoded = Value::Binary(message.delivery(None)?.into());
        Ok(Value::Map(OrderedMap::from_iter([(Value::String("message".to_owned()), encoded)])))
    });
    Ok(Answer::success("messages", Value::List(peeked.collect::<Result<_, Refusal>>()?)))
}

fn map(request: &AmqpMessage) -> Option<&Map> {
    match &request.body {
        Body::Value(value) => match &value.0 {
            Value::Map(map) => Some(map),
            _ => None,
        },
        _ => None,
    }
}

fn lock_tokens(body: &Map) -> Result<Vec<Uuid>, Refusal> {
    let tokens = match body.get(&Value::String("lock-tokens".to_owned())) {
        Some(Value::Array(tokens)) => tokens.iter().map(token).collect(),
        Some(Value::List(tokens)) => tokens.iter().map(token).collect(),
        _ => None,
    };
    tokens.ok_or_else(|| Refusal::new("amqp:invalid-field", "The request needs lock tokens."))
}

fn token(value: &Value) -> Option<Uuid> {
    match value {
        Value::Uuid(token) => Some(Uuid::from_bytes(token.clone().into_inner())),
        _ => None,
    }
}

fn number(body: &Map, name: &str) -> Option<i64> {
    match body.get(&Value::String(name.to_owned()))? {
        Value::Long(number) => Some(*number),
        Value::Int(number) => Some(i64::from(*number)),
        _ => None,
    }
}

fn status_of(refusal: &Refusal) -> i32 {
    match refusal.condition() {
        "com.microsoft:message-lock-lost" => 410,
        "amqp:not-implemented" => 501,
        _ => 400,
    }
}
