//! The data plane API over HTTP: requests become operations on the graph, results become answers.
//!
//! Paths, headers and statuses are those of the REST reference, version 2023-10-31.

mod answer;
mod change;
mod event_routes;
mod models;
mod relationships;
mod request;
mod twins;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, Method, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use percent_encoding::percent_decode_str;

use self::request::{ApiVersion, Body, PageSize, Twins};
use super::{error::Error, faults::Faults, graph::Graph, query};

/// The largest body of a request, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

const QUERY_CHARGE: HeaderName = HeaderName::from_static("query-charge");

/// The API of a graph, with what may go wrong with it.
pub(super) fn router(graph: Arc<Graph>, faults: Arc<Faults>) -> Router {
    let relationship = get(relationships::get)
        .put(relationships::put)
        .patch(relationships::update)
        .delete(relationships::delete)
        .fallback(no_such_method);
    let event_route =
        || get(event_routes::get).put(event_routes::put).delete(event_routes::delete).fallback(no_such_method);
    Router::new()
        .route("/digitaltwins/{id}", get(twins::get).fallback(no_such_method))
        .route("/digitaltwins/{id}", put(twins::put).patch(twins::update))
        .route("/digitaltwins/{id}", delete(twins::delete))
        .route("/digitaltwins/{id}/telemetry", post(twins::send_telemetry).fallback(no_such_method))
        .route(
            "/digitaltwins/{id}/components/{component}",
            get(twins::get_component).patch(twins::update_component).fallback(no_such_method),
        )
        .route(
            "/digitaltwins/{id}/components/{component}/telemetry",
            post(twins::send_component_telemetry).fallback(no_such_method),
        )
        .route("/digitaltwins/{id}/relationships", get(relationships::list).fallback(no_such_method))
        .route("/digitaltwins/{id}/relationships/{relationship}", relationship)
        .route("/digitaltwins/{id}/incomingrelationships", get(relationships::list_incoming).fallback(no_such_method))
        .route("/models", get(models::list).post(models::put).fallback(no_such_method))
        .route("/models/{id}", get(models::get).patch(models::update).delete(models::delete).fallback(no_such_method))
        .route("/eventroutes", get(event_routes::list).fallback(no_such_method))
        .route("/eventroutes/{id}", event_route())
        // The documentation writes it like this.
        .route("/eventRoutes", get(event_routes::list).fallback(no_such_method))
        .route("/eventRoutes/{id}", event_route())
        .route("/query", post(run_query).fallback(no_such_method))
        .fallback(no_such_resource)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(check))
        .layer(middleware::from_fn_with_state(faults, misbehave))
        .with_state(graph)
}

/// No request is served without a version that is known, nor with a path that is no text.
async fn check(request: Request, next: Next) -> Response {
    if let Err(error) = ApiVersion::of(request.uri()) {
        return error.into_response();
    }
    if percent_decode_str(request.uri().path()).decode_utf8().is_err() {
        return Error::InvalidArgument("The path is not in UTF-8.".to_owned()).into_response();
    }
    next.run(request).await
}

/// A request that is in trouble gets no further.
async fn misbehave(State(faults): State<Arc<Faults>>, request: Request, next: Next) -> Response {
    let Some(trouble) = faults.next() else { return next.run(request).await };
    let mut answer =
        (trouble.status, Json(serde_json::json!({"error": {"message": "Try again later."}}))).into_response();
    if let Some(wait) = trouble.retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().into());
    }
    answer
}

async fn no_such_resource(uri: Uri) -> Error {
    Error::ResourceNotFound(uri.path().to_owned())
}

async fn no_such_method(method: Method) -> Error {
    Error::MethodNotAllowed(method.to_string())
}

async fn run_query(
    State(graph): Twins,
    version: ApiVersion,
    page_size: PageSize,
    Body(query): Body<query::Request>,
) -> Result<Response, Error> {
    let mut page = graph.query(&query, page_size.0)?;
    page.value = page.value.into_iter().map(|value| version.shows(value)).collect();
    // What a query costs depends on the service; tools want a number.
    Ok(([(QUERY_CHARGE, "1")], Json(page)).into_response())
}
