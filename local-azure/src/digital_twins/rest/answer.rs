//! What requests are answered with.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header::ETAG},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::digital_twins::error::Error;

const ERROR_CODE: HeaderName = HeaderName::from_static("x-ms-error-code");

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let code = self.code();
        let mut error = json!({ "code": code, "message": self.to_string() });
        if let Self::ValidationFailed { summary, details } = &self {
            error["message"] = json!(summary);
            error["details"] = details.iter().map(|detail| json!({ "code": code, "message": detail })).collect();
        }
        (self.status(), [(ERROR_CODE, code)], Json(json!({ "error": error }))).into_response()
    }
}

/// 200 with what was asked for, and its etag.
pub(super) fn with_etag(value: Value, etag: &str) -> Response {
    (etag_header(etag), Json(value)).into_response()
}

/// 204 with the etag of what was changed.
pub(super) fn changed(etag: &str) -> Response {
    (StatusCode::NO_CONTENT, etag_header(etag)).into_response()
}

fn etag_header(etag: &str) -> [(HeaderName, HeaderValue); 1] {
    [(ETAG, HeaderValue::from_str(etag).unwrap_or_else(|_| HeaderValue::from_static("")))]
}

pub(super) fn etag_of(value: &Value) -> String {
    value["$etag"].as_str().unwrap_or_default().to_owned()
}

/// A list as the API pages it. Only queries have more than one page here.
pub(super) fn paged(value: &[Value]) -> Json<Value> {
    Json(json!({ "value": value, "nextLink": null }))
}
