//! What a request that can't be answered is told: a problem document (RFC 9457).

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A query that can't be understood, with a sentence that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem(pub(crate) String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        answer(StatusCode::BAD_REQUEST, &self.0)
    }
}

/// The answer for a path that leads nowhere.
pub(crate) async fn not_found() -> Response {
    answer(StatusCode::NOT_FOUND, "There is nothing here. The page is at /, its data under /api.")
}

/// A problem document.
pub(crate) fn answer(status: StatusCode, detail: &str) -> Response {
    let document = json!({"title": status.canonical_reason(), "status": status.as_u16(), "detail": detail});
    (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(document)).into_response()
}
