//! Why an instance did not do what it was asked to.

use std::{
    error::Error as _,
    iter::{once, successors},
    time::Duration,
};

use reqwest::{Method, StatusCode, Url};

use crate::address::InvalidAddress;

/// What went wrong between us and an instance.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There can be no instance there.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// Nobody says who we are.
    #[error("There is no token for Azure Digital Twins. Log in with `az login`, to the tenant of the instance. {0}")]
    NoToken(String),
    /// We are somebody who may not do this.
    #[error(
        "The instance denies access ({status}). It takes the role Azure Digital Twins Data Owner on it, which is in force \
         some minutes after it was given, and a login to the tenant of the instance. {message}"
    )]
    Denied {
        /// 401 or 403.
        status: StatusCode,
        /// The instance's own words.
        message: String,
    },
    /// It did not answer.
    #[error("The instance can't be reached: {}.", causes(.0))]
    Unreachable(reqwest::Error),
    /// It answered, and not with what was asked for.
    #[error("The instance's answer is not what it should be: {0}.")]
    Unreadable(String),
    /// It said no.
    #[error("The instance refuses {method} {path} ({status} {code}): {message}")]
    Refused {
        /// What was asked for, and of what.
        method: Method,
        /// What it was asked of.
        path: String,
        /// The status of the answer.
        status: StatusCode,
        /// What the instance calls the problem.
        code: String,
        /// The instance's own words.
        message: String,
    },
    /// It has been too busy, or in trouble, for too long.
    #[error("The instance puts us off ({status}), for {} in all by now.", humantime::format_duration(*.waited))]
    Busy {
        /// The status of its last answer.
        status: StatusCode,
        /// For how long, in whole seconds, with the wait that it asks for.
        waited: Duration,
    },
}

impl Error {
    /// From an answer that is neither a success nor a call to wait.
    pub(crate) async fn refusal(method: Method, url: &Url, response: reqwest::Response) -> Self {
        let status = response.status();
        let body: serde_json::Value = response.json().await.unwrap_or_default();
        let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
        let (code, mut message) = (text("code"), text("message"));
        for detail in body["error"]["details"].as_array().into_iter().flatten() {
            message += detail["message"].as_str().map(|detail| format!(" {detail}")).as_deref().unwrap_or_default();
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Self::Denied { status, message };
        }
        Self::Refused { method, path: url.path().to_owned(), status, code, message }
    }

    /// The status of a refusal.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// An error of the HTTP client says little without those below it.
fn causes(error: &reqwest::Error) -> String {
    let below = successors(error.source(), |&cause| cause.source());
    let texts = once(error.to_string()).chain(below.map(ToString::to_string));
    texts.collect::<Vec<_>>().join(": ")
}
