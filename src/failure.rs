//! Why a request is answered as failed, and how.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tracing::error;

use crate::{bridge::DeliveryError, invocation::BadInvocation};

/// When to come again, in seconds. Event Grid has a schedule of its own, which begins with this.
const RETRY_AFTER: &str = "10";

/// Why a request is answered as failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What the host posts is no invocation.
    #[error(transparent)]
    Invocation(#[from] BadInvocation),
    /// The delivery failed on its way through the bridge.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// Something in between has changed it: Event Grid sends JSON.
    #[error("The delivery is no text in UTF-8.")]
    NoText,
    /// Beyond so many bytes.
    #[error(
        "The delivery is larger than {0} bytes. Lower maxEventsPerBatch of the Event Grid subscription, or maxEventBatchSize or maxMessageBatchSize in host.json."
    )]
    TooLarge(usize),
    /// The sender is gone, or the connection.
    #[error("The delivery broke off before its end.")]
    BrokeOff,
    /// There was no memory for it until its time was up.
    #[error(
        "The delivery could not be read in time: others, which wait for the event hub, fill the memory set aside for them."
    )]
    NoMemory,
    /// The process ends, and the sender shall not wait for it.
    #[error(
        "twin-bridge was stopped before the event hub had taken all of a batch of Service Bus, which delivers it again."
    )]
    Stopping,
    /// The handshake of the Event Grid schema, without what has to be repeated.
    #[error("The request to validate a subscription holds no validation code.")]
    NoValidationCode,
    /// The handshake of `CloudEvents`, without whom it is for.
    #[error("The handshake names no origin: it must have the header WebHook-Request-Origin.")]
    NoOrigin,
}

impl Failure {
    /// The status of the answer. Event Grid gives a delivery up at once for 400 and 413, so these are only for what no
    /// retry and no operator could mend.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Invocation(_)
            | Self::Delivery(DeliveryError::NotEvents)
            | Self::NoText
            | Self::NoValidationCode
            | Self::NoOrigin => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Delivery(_) | Self::BrokeOff | Self::NoMemory | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A word for totals, and for alerts over the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invocation(_) => "badInvocation",
            Self::Delivery(error) => error.kind(),
            Self::NoText => "notEvents",
            Self::TooLarge(_) => "tooLargeDelivery",
            Self::BrokeOff => "brokeOff",
            Self::NoMemory => "noMemory",
            Self::Stopping => "stopping",
            Self::NoValidationCode | Self::NoOrigin => "badHandshake",
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = problem(self.status(), self.kind(), &self.to_string());
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        response
    }
}

/// A failing answer: a problem document (RFC 9457) for people who call the bridge by hand, and a line in the log for
/// everyone else.
pub fn problem(status: StatusCode, kind: &'static str, detail: &str) -> Response {
    error!(status = status.as_u16(), kind, "The delivery failed. {detail}");
    let document = json!({
        "title": status.canonical_reason().unwrap_or("Failed"),
        "status": status.as_u16(),
        "kind": kind,
        "detail": detail,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], document.to_string()).into_response()
}

#[cfg(test)]
mod tests;
