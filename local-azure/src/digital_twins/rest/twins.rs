//! Twins, their components, and their telemetry.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::Value;

use super::{
    answer::{changed, etag_of, with_etag},
    change::to_the_end,
    request::{ApiVersion, Body, Twins, header_text},
};
use crate::digital_twins::{Error, Precondition, Telemetry};

pub(super) async fn get(State(graph): Twins, version: ApiVersion, Path(id): Path<String>) -> Result<Response, Error> {
    let twin = graph.get_twin(&id)?;
    let etag = etag_of(&twin);
    Ok(with_etag(version.shows(twin), &etag))
}

pub(super) async fn put(
    State(graph): Twins,
    version: ApiVersion,
    Path(id): Path<String>,
    precondition: Precondition,
    Body(twin): Body<Value>,
) -> Result<Response, Error> {
    let twin = to_the_end(async move { graph.put_twin(&id, twin, precondition).await }).await?;
    let etag = etag_of(&twin);
    Ok(with_etag(version.shows(twin), &etag))
}

pub(super) async fn update(
    State(graph): Twins,
    Path(id): Path<String>,
    precondition: Precondition,
    Body(patch): Body<Value>,
) -> Result<Response, Error> {
    let etag = to_the_end(async move { graph.update_twin(&id, patch, precondition).await }).await?;
    Ok(changed(&etag))
}

pub(super) async fn delete(
    State(graph): Twins,
    Path(id): Path<String>,
    precondition: Precondition,
) -> Result<StatusCode, Error> {
    to_the_end(async move { graph.delete_twin(&id, precondition).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn get_component(
    State(graph): Twins,
    version: ApiVersion,
    Path((id, component)): Path<(String, String)>,
) -> Result<Response, Error> {
    let (component, etag) = graph.get_component(&id, &component)?;
    Ok(with_etag(version.shows(component), &etag))
}

pub(super) async fn update_component(
    State(graph): Twins,
    Path((id, component)): Path<(String, String)>,
    precondition: Precondition,
    Body(patch): Body<Value>,
) -> Result<Response, Error> {
    let update = async move { graph.update_component(&id, &component, patch, precondition).await };
    Ok(changed(&to_the_end(update).await?))
}

pub(super) async fn send_telemetry(
    State(graph): Twins,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(payload): Body<Value>,
) -> Result<StatusCode, Error> {
    let telemetry = telemetry(&headers, None, payload)?;
    to_the_end(async move { graph.send_telemetry(&id, telemetry).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn send_component_telemetry(
    State(graph): Twins,
    Path((id, component)): Path<(String, String)>,
    headers: HeaderMap,
    Body(payload): Body<Value>,
) -> Result<StatusCode, Error> {
    let telemetry = telemetry(&headers, Some(component), payload)?;
    to_the_end(async move { graph.send_telemetry(&id, telemetry).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn telemetry(headers: &HeaderMap, component: Option<String>, payload: Value) -> Result<Telemetry, Error> {
    let message_id = header_text(headers, "message-id");
    let message_id =
        message_id.ok_or_else(|| Error::InvalidArgument("The header Message-Id is missing.".to_owned()))?;
    let source_time = header_text(headers, "telemetry-source-time");
    Ok(Telemetry { component, source_time, ..Telemetry::new(message_id, payload) })
}
