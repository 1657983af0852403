//! The webhook of the Event Grid extension: what Event Grid is pointed at.
//!
//! `/runtime/webhooks/EventGrid?functionName=NAME`. Keys (`code=…`) are not checked. The order of the checks and the
//! answers are those of the extension (`EventGridExtensionConfigProvider`, `HttpRequestProcessor`).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use super::delivery::Deliveries;
use super::function::EventGridFunction;
use super::log::Category;
use super::newtonsoft::Token;

const EVENT_TYPE: &str = "aeg-event-type";
const REQUEST_ORIGIN: &str = "webhook-request-origin";
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");

/// What the webhook works with.
#[derive(Clone)]
pub(super) struct Webhook {
    pub(super) functions: Arc<BTreeMap<String, Arc<EventGridFunction>>>,
    pub(super) deliveries: Deliveries,
}

impl Webhook {
    pub(super) fn router(self) -> Router {
        Router::new()
            .route("/runtime/webhooks/{extension}", any(respond))
            .layer(DefaultBodyLimit::disable())
            .with_state(self)
    }

    async fn notify(self, function: Arc<EventGridFunction>, body: &[u8]) -> Response {
        let events = match parse(body) {
            Ok(Token::Array(events)) => events,
            Ok(event @ Token::Object(_)) => vec![event],
            Ok(_) => return self.exception("the body is neither an array nor an object"),
            Err(malformed) => return self.exception(&malformed),
        };
        let delivery = self.deliveries.clone().deliver(function, events);
        match self.deliveries.0.executor.run(delivery).await {
            Ok(Ok(())) => StatusCode::ACCEPTED.into_response(),
            Ok(Err(failure)) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
            Err(interrupted) => self.exception(&interrupted.to_string()),
        }
    }

    fn validate(&self, body: &[u8]) -> Response {
        match parse(body).ok().as_ref().and_then(validation_code) {
            Some(code) => Token::object([("validationResponse", Token::String(code))]).to_string().into_response(),
            None => self.exception("a validation event without a validation code"),
        }
    }

    /// What became an unhandled exception in the extension: the sender gets no text.
    fn exception(&self, reason: &str) -> Response {
        self.deliveries.0.executor.log.error(Category::Host, format!("Event Grid webhook: {reason}"));
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

async fn respond(
    State(webhook): State<Webhook>,
    Path(extension): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if ![Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::OPTIONS].contains(&method) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if !extension.eq_ignore_ascii_case("EventGrid") {
        return StatusCode::FORBIDDEN.into_response();
    }
    let name = query.iter().find(|(name, _)| name.eq_ignore_ascii_case("functionName"));
    let name = name.map(|(_, value)| value.as_str()).unwrap_or_default();
    let Some(function) = webhook.functions.get(name).cloned() else {
        return (StatusCode::NOT_FOUND, format!("cannot find function: '{name}'")).into_response();
    };
    if method == Method::OPTIONS
        && let Some(origin) = headers.get(REQUEST_ORIGIN)
    {
        return [(ALLOWED_ORIGIN, origin.clone())].into_response();
    }
    let event_type = headers.get(EVENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match event_type.to_lowercase().as_str() {
        "notification" => webhook.notify(function, &body).await,
        "subscriptionvalidation" => webhook.validate(&body),
        "unsubscribe" => StatusCode::ACCEPTED.into_response(),
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn parse(body: &[u8]) -> Result<Token, String> {
    Token::parse(&String::from_utf8_lossy(body)).map_err(|malformed| malformed.to_string())
}

/// The code in a validation event: an array of one event, or a cloud event, whose `data` is JSON inside a string.
fn validation_code(body: &Token) -> Option<String> {
    let code = |data: &Token| match data.get("validationCode")? {
        Token::String(code) => Some(code.clone()),
        _ => None,
    };
    match body {
        Token::Array(events) => code(events.first()?.get("data")?),
        event => match event.get("data")? {
            Token::String(data) => code(&Token::parse(data).ok()?),
            data => code(data),
        },
    }
}
