//! `$cbs`, claims based security: a token put here becomes a grant of the connection.

use fe2o3_amqp_types::{messaging::Body, primitives::Value};
use time::OffsetDateTime;

use super::{
    grants::Grants,
    message::AmqpMessage,
    misbehaviour::TokenAnswer,
    reply::{Reply, property},
    sas::{Policy, verify},
};

/// Answers a request to `$cbs`.
pub(crate) fn answer(request: &AmqpMessage, policy: Policy<'_>, tokens: TokenAnswer, grants: &Grants) -> Reply {
    if let TokenAnswer::Refuse { status, description } = tokens {
        return Reply::status(status, description);
    }
    if property(request, "operation") != Some("put-token") {
        return Reply::status(400, "BadRequest: The operation is not supported.");
    }
    let (Some(audience), Some(token)) = (property(request, "name"), token(request)) else {
        return Reply::status(400, "BadRequest: The request needs a name and a token.");
    };
    let signature = || verify(token, audience, policy, OffsetDateTime::now_utc()).map(Some);
    let expires = match property(request, "type") {
        Some("servicebus.windows.net:sastoken") => signature(),
        // What the Python client of Service Bus calls its signatures.
        Some("jwt") if token.starts_with("SharedAccessSignature ") => signature(),
        // There is no directory here that could have signed it, so any will do.
        Some("jwt") => Ok(None),
        _ => Err("UnsupportedTokenType: The token type is not supported.".to_owned()),
    };
    match expires {
        Ok(expires) => {
            grants.add(audience, expires);
            Reply::status(202, "Accepted")
        }
        Err(reason) => Reply::status(401, reason),
    }
}

fn token(request: &AmqpMessage) -> Option<&str> {
    match &request.body {
        Body::Value(value) => match &value.0 {
            Value::String(token) => Some(token),
            _ => None,
        },
        _ => None,
    }
}
