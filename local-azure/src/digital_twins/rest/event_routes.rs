//! Event routes.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::paged,
    request::{Body, Twins},
};
use crate::digital_twins::{Error, EventRoute};

/// A route in the body of a request; its id is in the path.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouteBody {
    endpoint_name: String,
    filter: String,
}

pub(super) async fn list(State(graph): Twins) -> Json<Value> {
    paged(&graph.list_event_routes().iter().map(shown).collect::<Vec<_>>())
}

pub(super) async fn get(State(graph): Twins, Path(id): Path<String>) -> Result<Json<Value>, Error> {
    Ok(Json(shown(&graph.get_event_route(&id)?)))
}

pub(super) async fn put(
    State(graph): Twins,
    Path(id): Path<String>,
    Body(RouteBody { endpoint_name, filter }): Body<RouteBody>,
) -> Result<StatusCode, Error> {
    graph.put_event_route(EventRoute { id, endpoint_name, filter })?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(State(graph): Twins, Path(id): Path<String>) -> Result<StatusCode, Error> {
    graph.delete_event_route(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(route: &EventRoute) -> Value {
    json!({ "id": route.id, "endpointName": route.endpoint_name, "filter": route.filter })
}
