//! The parts of a request, each read and checked in one place.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderName, StatusCode, Uri, header, request::Parts},
    response::IntoResponse,
};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::digital_twins::{
    contents::without_last_update_time, error::Error, graph::Graph, precondition::Precondition,
};

const SUPPORTED: &str = "2023-10-31, 2022-05-31, 2020-10-31";

const MAX_ITEMS_PER_PAGE: HeaderName = HeaderName::from_static("max-items-per-page");

/// What every handler works with.
pub(super) type Twins = State<Arc<Graph>>;

/// The version that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApiVersion {
    V2020,
    /// 2022-05-31 and 2023-10-31, which show twins alike.
    Since2022,
}

impl ApiVersion {
    pub(super) fn of(uri: &Uri) -> Result<Self, Error> {
        let version = parameter(uri, "api-version").ok_or(Error::MissingApiVersion(SUPPORTED))?;
        match version.as_str() {
            "2020-10-31" => Ok(Self::V2020),
            "2022-05-31" | "2023-10-31" => Ok(Self::Since2022),
            _ => Err(Error::UnsupportedApiVersion { version, supported: SUPPORTED }),
        }
    }

    /// A twin or component as this version shows it.
    pub(super) fn shows(self, value: Value) -> Value {
        match self {
            Self::V2020 => without_last_update_time(value),
            Self::Since2022 => value,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ApiVersion {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::of(&parts.uri)
    }
}

/// The values of a query parameter, decoded.
pub(super) fn parameters(uri: &Uri, name: &str) -> Vec<String> {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let named = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    named.map(|(_, value)| percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()).collect()
}

/// The first value of a query parameter, decoded.
pub(super) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    parameters(uri, name).into_iter().next()
}

/// A header as text.
pub(super) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// A body of JSON.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        let body = serde_json::from_slice(&bytes);
        body.map(Self)
            .map_err(|malformed| Error::InvalidArgument(format!("The body is not as it must be: {malformed}.")))
    }
}

fn unreadable(rejection: BytesRejection) -> Error {
    let text = rejection.body_text();
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::RequestTooLarge,
        _ => Error::InvalidArgument(format!("The body could not be read: {text}.")),
    }
}

impl<S: Sync> FromRequestParts<S> for Precondition {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let is_etag = |etag: &str| {
            let quoted = etag.strip_prefix("W/").unwrap_or(etag);
            quoted.len() >= 2 && quoted.starts_with('"') && quoted.ends_with('"')
        };
        if let Some(condition) = header_text(&parts.headers, header::IF_NONE_MATCH.as_str()) {
            return if condition.trim() == "*" {
                Ok(Self::Absent)
            } else {
                Err(Error::InvalidArgument("If-None-Match can only be *.".to_owned()))
            };
        }
        match header_text(&parts.headers, header::IF_MATCH.as_str()) {
            None => Ok(Self::None),
            // What isn't there is not found in any case.
            Some(condition) if condition.trim() == "*" => Ok(Self::None),
            Some(condition) => {
                let etags: Vec<_> = condition.split(',').map(|etag| etag.trim().to_owned()).collect();
                if etags.iter().all(|etag| is_etag(etag)) {
                    Ok(Self::Matches(etags))
                } else {
                    Err(Error::InvalidArgument("If-Match must be an etag in quotes, or *.".to_owned()))
                }
            }
        }
    }
}

/// How many results a page has at most.
pub(super) struct PageSize(pub(super) usize);

impl<S: Sync> FromRequestParts<S> for PageSize {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let Some(size) = parts.headers.get(MAX_ITEMS_PER_PAGE) else { return Ok(Self(1000)) };
        let size = size.to_str().ok().and_then(|size| size.parse().ok()).filter(|size| (1..=1000).contains(size));
        size.map(Self).ok_or_else(|| Error::InvalidArgument("max-items-per-page must be 1 to 1000.".to_owned()))
    }
}
