//! HTTP with the Blob service.

use std::error::Error;

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
    },
};

use super::cause;

/// A client whose errors tell a [`Refusal`] for an answer that is no success, for the requests of `object_store` and for
/// others.
#[derive(Debug)]
pub(super) struct Client(HttpClient);

/// An answer that is no success.
///
/// What the service says of it beyond its code is left out: it can hold what was signed.
#[derive(Debug, thiserror::Error)]
#[error("{status}{separator}{code}", status = .status.as_u16(), separator = if .code.is_empty() { "" } else { ": " })]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// The service's own word for it: learn.microsoft.com, "Blob Storage error codes". Empty if the answer is another's.
    pub(super) code: String,
}

impl Client {
    pub(super) fn connect(options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Self(ReqwestConnector::default().connect(options)?)))
    }
}

impl Refusal {
    /// Whether an error comes from a refusal with one of these codes.
    pub(super) fn is(error: &(dyn Error + 'static), codes: &[&str]) -> bool {
        cause::find(error).is_some_and(|refusal: &Self| codes.contains(&&*refusal.code))
    }
}

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let response = self.0.execute(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        // A kind that is never tried again.
        Err(HttpError::new(HttpErrorKind::Unknown, Refusal { status, code: code(response.headers()) }))
    }
}

fn code(headers: &HeaderMap) -> String {
    headers.get("x-ms-error-code").and_then(|code| code.to_str().ok()).unwrap_or_default().to_owned()
}

/// Gives `object_store` a client that there is already.
#[derive(Debug)]
pub(super) struct Connector(pub(super) HttpClient);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}
