//! The HTTP triggers: a request goes to the handler as it came, and the handler's answer to the caller.
//!
//! That is `customHandler.enableForwardingHttpRequest` (`DefaultHttpWorkerService.ProcessHttpInAndOutInvocationRequest`).
//! The requests hold keys in their URLs and headers, so nothing of them is logged.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::execution::Executor;
use super::function::HttpFunction;
use super::function_key::FunctionKey;
use super::handler_client::HandlerClient;
use super::log::Category;

/// The functions with an HTTP trigger.
#[derive(Clone, Debug)]
pub(super) struct HttpTriggers {
    pub(super) functions: Arc<BTreeMap<String, HttpFunction>>,
    pub(super) key: FunctionKey,
    pub(super) client: HandlerClient,
    pub(super) executor: Arc<Executor>,
}

impl HttpTriggers {
    /// Takes all requests that nothing else takes.
    pub(super) fn router(self) -> Router {
        Router::new().fallback(respond).layer(DefaultBodyLimit::disable()).with_state(self)
    }

    /// Where a function is called at a host that listens there.
    pub(super) fn url(&self, host: SocketAddr, function: &str) -> Option<String> {
        let trigger = &self.functions.get(function)?.trigger;
        let query = if trigger.requires_key { format!("?{}", self.key.parameter()) } else { String::new() };
        Some(format!("http://{host}{}{query}", trigger.path))
    }

    async fn forward(self, function: String, request: Request<Bytes>) -> Response {
        let call = |handler| async move { self.client.forward(handler, Uuid::new_v4(), request).await };
        let Ok(answer) = self.executor.invoke(&function, call).await else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        if answer.status == StatusCode::NO_CONTENT && answer.headers.contains_key(header::CONTENT_TYPE) {
            let problem = "Writing to the response body is invalid for responses with status code 204.";
            self.executor.log.error(Category::Host, format!("An unhandled exception has occurred: {problem}"));
        }
        (answer.status, answer.headers, Body::from(answer.body)).into_response()
    }
}

async fn respond(State(triggers): State<HttpTriggers>, head: Parts, body: Bytes) -> Response {
    let (method, path) = (&head.method, head.uri.path());
    let Some(function) = triggers.functions.values().find(|function| function.trigger.takes(method, path)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if function.trigger.requires_key && !triggers.key.is_in(&head.uri, &head.headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let forwarded = triggers.clone().forward(function.name.clone(), Request::from_parts(head, body));
    match triggers.executor.run(forwarded).await {
        Ok(answer) => answer,
        Err(interrupted) => {
            triggers.executor.log.error(Category::Host, format!("HTTP trigger: {interrupted}"));
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
