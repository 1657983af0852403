//! Where the events of a subscription go.

use std::fmt;

/// The URL that a subscription delivers to, by the kind of its destination. Its query can hold a key, so only the rest
/// of it is shown: what Azure Resource Manager calls the base URL of the endpoint.
#[derive(Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The Event Grid trigger of a function.
    AzureFunction(String),
    /// Anything that takes events over HTTP itself.
    WebHook(String),
}

impl Endpoint {
    /// The whole of it, for a request.
    pub(super) fn url(&self) -> &str {
        match self {
            Self::AzureFunction(url) | Self::WebHook(url) => url,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url();
        out.write_str(url.split_once('?').map_or(url, |(base, _)| base))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::AzureFunction(_) => "AzureFunction",
            Self::WebHook(_) => "WebHook",
        };
        write!(out, "{kind}({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_not_shown() {
        let endpoint = Endpoint::WebHook("http://127.0.0.1:1/api/events?code=secret&a=?".to_owned());
        assert_eq!(endpoint.to_string(), "http://127.0.0.1:1/api/events");
        assert_eq!(format!("{endpoint:?}"), "WebHook(http://127.0.0.1:1/api/events)");
        let endpoint = Endpoint::AzureFunction("http://127.0.0.1:1".to_owned());
        assert_eq!(format!("{endpoint:?}"), "AzureFunction(http://127.0.0.1:1)");
    }
}
