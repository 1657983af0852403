//! What the service answers when it can't do what it is asked: a status, a code, a sentence.
//!
//! Codes and statuses are those of the REST reference (`azure-rest-api-specs`, `digitaltwins.json` 2023-10-31) and of
//! what the service answered in the recordings of Microsoft's JavaScript client (`azure-sdk-for-js`,
//! `sdk/digitaltwins/digital-twins-core/recordings`). The sentences are our own, so don't rely on their wording.

use axum::http::StatusCode;

/// Why an operation on the graph failed. Nothing has changed when it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A name, id, header or body that no operation could accept.
    #[error("{0}")]
    InvalidArgument(String),
    /// A twin that doesn't exist.
    #[error("There is no digital twin with the id {0}. Check the id, and that the twin was not deleted.")]
    DigitalTwinNotFound(String),
    /// The target of a relationship doesn't exist.
    #[error("There is no digital twin with the id {0}, which the relationship points to. Create the target first.")]
    TargetTwinNotFound(String),
    /// A component that the twin's model doesn't have.
    #[error("The twin {twin} has no component {component}. Check the component path against the model.")]
    ComponentNotFound {
        /// The twin.
        twin: String,
        /// The component that was asked for.
        component: String,
    },
    /// A relationship that doesn't exist.
    #[error("There is no relationship with the id {relationship} on the twin {twin}.")]
    RelationshipNotFound {
        /// The source of the relationship.
        twin: String,
        /// The relationship's id.
        relationship: String,
    },
    /// The twin still has relationships, so it can't be deleted.
    #[error("The twin {0} has relationships. Delete those that leave it and those that lead to it first.")]
    RelationshipsNotDeleted(String),
    /// A relationship that is not as its twin's model has it. The code is of the reference, when it is used our reading.
    #[error("{0}")]
    InvalidRelationship(String),
    /// A twin, relationship or telemetry that doesn't fit its model.
    #[error("{summary}: {}", details.join(" "))]
    ValidationFailed {
        /// What is not valid.
        summary: &'static str,
        /// Each thing that is wrong with it.
        details: Vec<String>,
    },
    /// The patch is no patch, or can't be applied to what is there.
    #[error("{0} Send a JSON Patch whose operations are add, replace and remove, and whose paths exist.")]
    JsonPatchInvalid(String),
    /// `If-Match` or `If-None-Match` don't hold.
    #[error("{0}")]
    PreconditionFailed(String),
    /// A model that doesn't exist.
    #[error("There is no model with the id {0}. List the models to see which there are.")]
    ModelNotFound(String),
    /// A model that exists can't be put again. (The reference says `ModelAlreadyExists`, the service answers this.)
    #[error(
        "These models exist already: {0}. A model can't be changed: delete it, or give the new one another version."
    )]
    ModelIdAlreadyExists(String),
    /// A model that others need can't be deleted.
    #[error("The model is used by {0}. Delete that one first.")]
    ModelReferencesNotDeleted(String),
    /// A decommissioned model gets no new twins.
    #[error("The model {0} is decommissioned: no twin can be created with it.")]
    ModelDecommissioned(String),
    /// A model that is not valid DTDL.
    #[error("None of the models was created. {0}")]
    DtdlParserError(String),
    /// A model in a version of DTDL that ADT doesn't have.
    #[error("None of the models was created. {0} must have the @context dtmi:dtdl:context;2 or dtmi:dtdl:context;3.")]
    ModelVersionNotSupported(String),
    /// An event route that doesn't exist.
    #[error("There is no event route with the id {0}.")]
    EventRouteNotFound(String),
    /// An event route to an endpoint that isn't there.
    #[error("There is no endpoint named {name}. There are: {endpoints}.")]
    EventRouteEndpointInvalid {
        /// The endpoint of the route.
        name: String,
        /// Those that exist.
        endpoints: String,
    },
    /// An event route whose filter can't be understood.
    #[error("{0}")]
    EventRouteFilterInvalid(String),
    /// An event route whose id is none.
    #[error("{0:?} can't be the id of an event route. Use 1 to 128 letters, digits, hyphens and the like.")]
    EventRouteIdInvalid(String),
    /// A query that is wrong, or beyond what the stand-in knows.
    #[error("{0}")]
    SqlQueryError(String),
    /// The continuation token of a query is not one that was given out.
    #[error("The continuation token is not one that a query gave out. Start the query again without it.")]
    BadContinuationToken,
    /// No `api-version`. The code is that of Azure's REST guidelines; what ADT answers was not found.
    #[error("The query parameter api-version is missing. Use one of {0}.")]
    MissingApiVersion(&'static str),
    /// An `api-version` that isn't known. The code is as for [`Error::MissingApiVersion`].
    #[error("The api-version {version:?} is not supported. Use one of {supported}.")]
    UnsupportedApiVersion {
        /// The version that was asked for.
        version: String,
        /// Those that are served.
        supported: &'static str,
    },
    /// A path that isn't part of the API.
    #[error("There is no {0} here.")]
    ResourceNotFound(String),
    /// A method that the path doesn't have.
    #[error("This path takes no {0} requests.")]
    MethodNotAllowed(String),
    /// A fault of the stand-in.
    #[error("The stand-in failed: {0}. Please report this.")]
    Internal(String),
    /// A body beyond the limit.
    #[error("The body is larger than 1 MB.")]
    RequestTooLarge,
}

impl Error {
    pub(super) fn twin_invalid(details: impl Into<Vec<String>>) -> Self {
        Self::ValidationFailed { summary: "The twin is not valid", details: details.into() }
    }

    pub(super) fn relationship_invalid(details: impl Into<Vec<String>>) -> Self {
        Self::ValidationFailed { summary: "The relationship is not valid", details: details.into() }
    }

    /// The `code` of the answer.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArgument(_) => "InvalidArgument",
            Self::DigitalTwinNotFound(_) => "DigitalTwinNotFound",
            Self::TargetTwinNotFound(_) => "TargetTwinNotFound",
            Self::ComponentNotFound { .. } => "ComponentNotFound",
            Self::RelationshipNotFound { .. } => "RelationshipNotFound",
            Self::RelationshipsNotDeleted(_) => "RelationshipsNotDeleted",
            Self::InvalidRelationship(_) => "InvalidRelationship",
            Self::ValidationFailed { .. } => "ValidationFailed",
            Self::JsonPatchInvalid(_) => "JsonPatchInvalid",
            Self::PreconditionFailed(_) => "PreconditionFailed",
            Self::ModelNotFound(_) => "ModelNotFound",
            Self::ModelIdAlreadyExists(_) => "ModelIdAlreadyExists",
            Self::ModelReferencesNotDeleted(_) => "ModelReferencesNotDeleted",
            Self::ModelDecommissioned(_) => "ModelDecommissioned",
            Self::DtdlParserError(_) => "DTDLParserError",
            Self::ModelVersionNotSupported(_) => "ModelVersionNotSupported",
            Self::EventRouteNotFound(_) => "EventRouteNotFound",
            Self::EventRouteEndpointInvalid { .. } => "EventRouteEndpointInvalid",
            Self::EventRouteFilterInvalid(_) => "EventRouteFilterInvalid",
            Self::EventRouteIdInvalid(_) => "EventRouteIdInvalid",
            Self::SqlQueryError(_) => "SqlQueryError",
            Self::BadContinuationToken => "BadRequest",
            Self::MissingApiVersion(_) => "MissingApiVersionParameter",
            Self::UnsupportedApiVersion { .. } => "UnsupportedApiVersionValue",
            Self::ResourceNotFound(_) => "ResourceNotFound",
            Self::MethodNotAllowed(_) => "MethodNotAllowed",
            Self::Internal(_) => "InternalError",
            Self::RequestTooLarge => "RequestEntityTooLarge",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::DigitalTwinNotFound(_)
            | Self::TargetTwinNotFound(_)
            | Self::ComponentNotFound { .. }
            | Self::RelationshipNotFound { .. }
            | Self::ModelNotFound(_)
            | Self::EventRouteNotFound(_)
            | Self::ResourceNotFound(_) => StatusCode::NOT_FOUND,
            Self::PreconditionFailed(_) => StatusCode::PRECONDITION_FAILED,
            Self::ModelIdAlreadyExists(_) | Self::ModelReferencesNotDeleted(_) => StatusCode::CONFLICT,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
