//! Relationships, from the side of either twin.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::Response,
};
use serde_json::Value;

use super::{
    answer::{changed, etag_of, paged, with_etag},
    change::to_the_end,
    request::{Body, Twins, parameter},
};
use crate::digital_twins::{Error, Precondition};

pub(super) async fn list(State(graph): Twins, Path(source): Path<String>, uri: Uri) -> Result<Json<Value>, Error> {
    let name = parameter(&uri, "relationshipName");
    Ok(paged(&graph.list_relationships(&source, name.as_deref())?))
}

pub(super) async fn list_incoming(State(graph): Twins, Path(target): Path<String>) -> Result<Json<Value>, Error> {
    Ok(paged(&graph.list_incoming_relationships(&target)?))
}

pub(super) async fn get(State(graph): Twins, Path((source, id)): Path<(String, String)>) -> Result<Response, Error> {
    let relationship = graph.get_relationship(&source, &id)?;
    let etag = etag_of(&relationship);
    Ok(with_etag(relationship, &etag))
}

pub(super) async fn put(
    State(graph): Twins,
    Path((source, id)): Path<(String, String)>,
    precondition: Precondition,
    Body(relationship): Body<Value>,
) -> Result<Response, Error> {
    let put = async move { graph.put_relationship(&source, &id, relationship, precondition).await };
    let relationship = to_the_end(put).await?;
    let etag = etag_of(&relationship);
    Ok(with_etag(relationship, &etag))
}

pub(super) async fn update(
    State(graph): Twins,
    Path((source, id)): Path<(String, String)>,
    precondition: Precondition,
    Body(patch): Body<Value>,
) -> Result<Response, Error> {
    let update = async move { graph.update_relationship(&source, &id, patch, precondition).await };
    Ok(changed(&to_the_end(update).await?))
}

pub(super) async fn delete(
    State(graph): Twins,
    Path((source, id)): Path<(String, String)>,
    precondition: Precondition,
) -> Result<StatusCode, Error> {
    to_the_end(async move { graph.delete_relationship(&source, &id, precondition).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
