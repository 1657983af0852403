//! Where publishers post events: `POST /api/events`, as Microsoft's clients do.
//!
//! See <https://learn.microsoft.com/azure/event-grid/post-to-custom-topic>. Keys and versions of the API are not looked
//! at. CloudEvents come in the structured mode, one or a batch; the binary mode (attributes as headers) is left out.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{json, value::RawValue};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    Schema,
    event::{Event, Malformed},
    topic::Topic,
};

pub(super) const PATH: &str = "/api/events";

/// The largest request: 1 MB.
const MAX_BYTES: usize = 1024 * 1024;

const CLOUD_EVENT: &str = "application/cloudevents+json";
const CLOUD_EVENTS: &str = "application/cloudevents-batch+json";

#[derive(Clone, Debug)]
struct Publisher {
    topic: Arc<Topic>,
    drain: CancellationToken,
}

/// Serves publishers until no more events shall be taken.
pub(super) async fn serve(listener: TcpListener, topic: Arc<Topic>, drain: CancellationToken) {
    let publisher = Publisher { topic, drain: drain.clone() };
    let router = Router::new().route(PATH, post(publish)).layer(DefaultBodyLimit::max(MAX_BYTES)).with_state(publisher);
    // Only a listener that breaks could end it early, and then publishers can't connect.
    let _ = axum::serve(listener, router).with_graceful_shutdown(drain.cancelled_owned()).await;
}

/// Publishes all events of the request, or none if one of them is malformed. The answer waits for room in the topic.
async fn publish(
    State(Publisher { topic, drain }): State<Publisher>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("The request is larger than {MAX_BYTES} bytes.");
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", "PayloadTooLarge", &message);
        }
        Err(rejection) => return bad_request(&rejection.body_text()),
    };
    let events = match read(&topic, &headers, &body) {
        Ok(events) => events,
        Err(malformed) => return bad_request(&malformed.to_string()),
    };
    let published = async {
        for event in events {
            topic.publish(event).await;
        }
    };
    match drain.run_until_cancelled(published).await {
        Some(()) => StatusCode::OK.into_response(),
        None => refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "ServiceUnavailable",
            "The topic stops. Publish the events again later.",
        ),
    }
}

fn read(topic: &Topic, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Event>, Malformed> {
    let schema = topic.schema();
    let malformed = |problem: String| Malformed { schema, problem };
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_lowercase();
    let is_array = match (schema, media_type.as_str()) {
        (Schema::CloudEvents, CLOUD_EVENT) => false,
        (Schema::CloudEvents, CLOUD_EVENTS) => true,
        (Schema::CloudEvents, _) => {
            return Err(malformed(format!("The content type must be {CLOUD_EVENT} or {CLOUD_EVENTS}.")));
        }
        (Schema::EventGrid, CLOUD_EVENT | CLOUD_EVENTS) => {
            return Err(malformed("The content type must be application/json.".to_owned()));
        }
        (Schema::EventGrid, _) => true,
    };
    let body: &RawValue =
        serde_json::from_slice(body).map_err(|error| malformed(format!("This is not JSON: {error}.")))?;
    if !is_array {
        return topic.event(body.get()).map(|event| vec![event]);
    }
    let Ok(events) = serde_json::from_str::<Vec<&RawValue>>(body.get()) else {
        return Err(malformed("Unexpected token when reading JSON. Expected: StartArray.".to_owned()));
    };
    events.into_iter().map(|event| topic.event(event.get())).collect()
}

fn bad_request(message: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, "BadRequest", "InputJsonInvalid", message)
}

/// An error as Event Grid writes it.
fn refusal(status: StatusCode, code: &str, detail: &str, message: &str) -> Response {
    let details = [json!({ "code": detail, "message": message })];
    let body = json!({ "error": { "code": code, "message": message, "details": details } });
    (status, Json(body)).into_response()
}
