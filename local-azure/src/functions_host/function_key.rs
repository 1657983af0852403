//! What a caller must know to call a function with an HTTP trigger.

use std::fmt;

use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

const HEADER: &str = "x-functions-key";
const PARAMETER: &str = "code";

/// A function key, which is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct FunctionKey(String);

impl FunctionKey {
    /// A key that is known already.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// A key that nobody knows.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
    }

    /// Whether a call brings it: in a header, or else in the query.
    pub(super) fn is_in(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        if let Some(key) = headers.get(HEADER) {
            return key.as_bytes() == self.0.as_bytes();
        }
        let parameters = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let key = |(name, value): &(String, String)| name.eq_ignore_ascii_case(PARAMETER).then(|| value == &self.0);
        parameters.is_ok_and(|parameters| parameters.iter().find_map(key).unwrap_or_default())
    }

    /// The parameter of a query that brings it.
    pub(super) fn parameter(&self) -> String {
        format!("{PARAMETER}={}", utf8_percent_encode(&self.0, NON_ALPHANUMERIC))
    }
}

impl fmt::Debug for FunctionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("FunctionKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_let_in_by_the_header_first_and_then_by_the_query() {
        let key = FunctionKey::new("a+/=&b");
        let right = format!("/api/f?x=1&{}", key.parameter());
        let header = |value: &str| HeaderMap::from_iter([(HEADER.parse().unwrap(), value.parse().unwrap())]);
        for (url, headers, let_in) in [
            (right.as_str(), HeaderMap::new(), true),
            ("/api/f?Code=a%2B%2F%3D%26b", HeaderMap::new(), true),
            ("/api/f", header("a+/=&b"), true),
            (&right, header("another"), false),
            ("/api/f?code=another", HeaderMap::new(), false),
            ("/api/f?code=another&code=a%2B%2F%3D%26b", HeaderMap::new(), false),
            ("/api/f?code=", HeaderMap::new(), false),
            ("/api/f", HeaderMap::new(), false),
        ] {
            assert_eq!(key.is_in(&url.parse().unwrap(), &headers), let_in, "{url} {headers:?}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = FunctionKey::random();
        assert_ne!(key, FunctionKey::random());
        assert!(!format!("{key:?}").contains(&key.0));
    }
}
