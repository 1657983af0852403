//! Models.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, Uri},
};
use serde_json::{Value, json};

use super::{
    answer::paged,
    request::{Body, Twins, parameter, parameters},
};
use crate::digital_twins::Error;

pub(super) async fn list(State(graph): Twins, uri: Uri) -> Result<Json<Value>, Error> {
    let dependencies_for = parameters(&uri, "dependenciesFor");
    Ok(paged(&graph.list_models(&dependencies_for, with_definition(&uri))?))
}

pub(super) async fn put(
    State(graph): Twins,
    Body(models): Body<Vec<Value>>,
) -> Result<(StatusCode, Json<Vec<Value>>), Error> {
    if models.is_empty() {
        return Err(Error::InvalidArgument("The list of models is empty.".to_owned()));
    }
    Ok((StatusCode::CREATED, Json(graph.put_models(models)?)))
}

pub(super) async fn get(State(graph): Twins, Path(id): Path<String>, uri: Uri) -> Result<Json<Value>, Error> {
    Ok(Json(graph.get_model(&id, with_definition(&uri))?))
}

/// Decommissions a model: nothing else about a model can be changed.
pub(super) async fn update(
    State(graph): Twins,
    Path(id): Path<String>,
    Body(patch): Body<Value>,
) -> Result<StatusCode, Error> {
    let decommissioned = match patch.as_array().map(Vec::as_slice) {
        Some([operation]) if operation["op"] == "replace" && operation["path"] == "/decommissioned" => {
            operation["value"].as_bool()
        }
        _ => None,
    };
    let expected = json!([{ "op": "replace", "path": "/decommissioned", "value": true }]);
    let refused = || Error::JsonPatchInvalid(format!("A model can only be patched by {expected}."));
    graph.decommission_model(&id, decommissioned.ok_or_else(refused)?)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(State(graph): Twins, Path(id): Path<String>) -> Result<StatusCode, Error> {
    graph.delete_model(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

fn with_definition(uri: &Uri) -> bool {
    parameter(uri, "includeModelDefinition").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
