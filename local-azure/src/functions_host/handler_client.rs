//! HTTP to the handler, with exactly the headers that the host sends and no other.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::request::Builder;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// The version that the stand-in claims: that of the host whose behaviour it copies.
const HOST_VERSION: &str = "4.1037.0.0";

/// How often the host asks whether the handler is there (`WorkerReadyCheckPollingIntervalMilliseconds`).
const READINESS_INTERVAL: Duration = Duration::from_millis(25);

/// How much of a body goes into one chunk.
const CHUNK: usize = 64 * 1024;

/// A client for the handler.
///
/// The host follows redirects; this one doesn't. A handler that redirects an invocation fails it either way.
#[derive(Clone, Debug)]
pub(super) struct HandlerClient(Client<HttpConnector, Body>);

/// What the handler answered.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The handler gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("{0}")]
    Request(#[from] axum::http::Error),
    #[error("An error occurred while sending the request: {0:?}")]
    Connection(#[from] hyper_util::client::legacy::Error),
    #[error("The answer broke off: {0}")]
    Body(#[from] axum::Error),
}

impl HandlerClient {
    pub(super) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// Returns when something listens at that address. Any answer will do, however bad: only the socket counts.
    pub(super) async fn until_ready(&self, address: SocketAddr) {
        while !self.is_ready(address).await {
            tokio::time::sleep(READINESS_INTERVAL).await;
        }
    }

    async fn is_ready(&self, address: SocketAddr) -> bool {
        match Request::get(format!("http://{address}/")).body(Body::empty()) {
            Ok(request) => self.0.request(request).await.map_or_else(|error| !error.is_connect(), |_| true),
            Err(_) => false,
        }
    }

    /// Posts an invocation. The body has no Content-Length: the host streams it.
    pub(super) async fn invoke(
        &self,
        address: SocketAddr,
        function: &str,
        invocation: Uuid,
        body: String,
    ) -> Result<Response, Unanswered> {
        let chunks = ReaderStream::with_capacity(std::io::Cursor::new(body), CHUNK);
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://{address}/{function}"))
            .header(header::USER_AGENT, format!("Azure-Functions-Host/{HOST_VERSION}"))
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8");
        let request = with_host_headers(request, invocation).body(Body::from_stream(chunks))?;
        self.send(request).await
    }

    /// Passes a request on as it came, with what the host adds to its headers.
    pub(super) async fn forward(
        &self,
        address: SocketAddr,
        invocation: Uuid,
        request: Request<Bytes>,
    ) -> Result<Response, Unanswered> {
        let (caller, body) = request.into_parts();
        let path = caller.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let mut headers = end_to_end(caller.headers);
        let mut agent = format!("Azure-Functions-Host/{HOST_VERSION}");
        if let Some(callers) = headers.remove(header::USER_AGENT) {
            agent = format!("{} {agent}", String::from_utf8_lossy(callers.as_bytes()));
        }
        let mut request = Request::builder().method(caller.method).uri(format!("http://{address}{path}"));
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let request =
            with_host_headers(request, invocation).header(header::USER_AGENT, agent).body(Body::from(body))?;
        let response = self.send(request).await?;
        Ok(Response { headers: end_to_end(response.headers), ..response })
    }

    async fn send(&self, request: Request<Body>) -> Result<Response, Unanswered> {
        let (head, body) = self.0.request(request).await?.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await?;
        Ok(Response { status: head.status, headers: head.headers, body })
    }
}

fn with_host_headers(request: Builder, invocation: Uuid) -> Builder {
    request
        .header("X-Azure-Functions-HostVersion", HOST_VERSION)
        .header("X-Azure-Functions-InvocationId", invocation.to_string())
}

/// Headers without those that concern one connection only, and are written anew for the next.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    headers
}
