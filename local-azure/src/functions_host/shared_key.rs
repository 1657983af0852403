//! The Blob service's REST protocol, as far as it takes to sign a request: connection strings and the Shared Key scheme.
//!
//! The scheme is described at <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use reqwest::{Method, Request, Url};
use sha2::Sha256;

/// The account that every storage emulator has. Name and key are published and the same everywhere.
const DEVELOPMENT_STORAGE: &str = "AccountName=devstoreaccount1;\
    AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;\
    BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1";

/// A version of the protocol that emulators of any age speak.
const SERVICE_VERSION: &str = "2021-08-06";

/// A connection string that can't be used here.
#[derive(Debug, thiserror::Error)]
#[error("storage connection string: {0}")]
pub struct InvalidConnectionString(&'static str);

/// What a connection string says about the Blob service.
pub(crate) struct ConnectionString {
    account: String,
    key: Vec<u8>,
    endpoint: Url,
}

impl ConnectionString {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidConnectionString> {
        let settings: BTreeMap<String, &str> = text
            .split(';')
            .filter_map(|setting| setting.split_once('='))
            .map(|(name, value)| (name.trim().to_lowercase(), value.trim()))
            .collect();
        if settings.get("usedevelopmentstorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Self::parse(DEVELOPMENT_STORAGE);
        }
        let get = |name: &str, missing| settings.get(name).copied().ok_or(InvalidConnectionString(missing));
        let endpoint = get("blobendpoint", "no BlobEndpoint (only an emulator can be used)")?;
        let endpoint = Url::parse(endpoint).map_err(|_| InvalidConnectionString("BlobEndpoint is no URL"))?;
        if endpoint.scheme() != "http" {
            return Err(InvalidConnectionString("BlobEndpoint is not http:// (only an emulator can be used)"));
        }
        let key = STANDARD
            .decode(get("accountkey", "no AccountKey")?)
            .map_err(|_| InvalidConnectionString("AccountKey is no base64"))?;
        Ok(Self { account: get("accountname", "no AccountName")?.to_owned(), key, endpoint })
    }

    fn signature(&self, text: &str) -> Result<String, InvalidConnectionString> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).map_err(|_| InvalidConnectionString("AccountKey is no key"))?;
        mac.update(text.as_bytes());
        Ok(STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// Never shows the key.
impl std::fmt::Debug for ConnectionString {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ConnectionString({} at {})", self.account, self.endpoint)
    }
}

/// A request to the Blob service.
pub(super) struct SignedRequest<'a> {
    pub(super) method: Method,
    /// The path behind the endpoint; the segments are percent-encoded here.
    pub(super) segments: &'a [&'a str],
    /// The query, sorted by name.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// Headers of the service's own (`x-ms-…`).
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) condition: Condition<'a>,
}

/// On what a request depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition<'a> {
    /// On nothing.
    None,
    /// The blob has this entity tag still.
    IsStill(&'a str),
    /// There is no such blob yet.
    IsNew,
}

impl<'a> Condition<'a> {
    /// The values of `If-Match` and `If-None-Match`.
    fn headers(self) -> (&'a str, &'a str) {
        match self {
            Self::None => ("", ""),
            Self::IsStill(tag) => (tag, ""),
            Self::IsNew => ("", "*"),
        }
    }
}

impl SignedRequest<'_> {
    /// The request with its signature.
    pub(super) fn build(self, account: &ConnectionString, body: Vec<u8>) -> Result<Request, InvalidConnectionString> {
        let mut url = account.endpoint.clone();
        url.path_segments_mut()
            .map_err(|()| InvalidConnectionString("BlobEndpoint is no URL"))?
            .pop_if_empty()
            .extend(self.segments);
        let date = httpdate::fmt_http_date(SystemTime::now());
        let headers: BTreeMap<&'static str, &str> = self
            .headers
            .iter()
            .copied()
            .chain([("x-ms-date", date.as_str()), ("x-ms-version", SERVICE_VERSION)])
            .collect();
        let signature = account.signature(&self.text_to_sign(&headers, body.len(), account, &url))?;
        let authorization = format!("SharedKey {}:{signature}", account.account);

        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(self.query);
        }
        let mut request = Request::new(self.method, url);
        let (matches, matches_none) = self.condition.headers();
        let conditions = [(IF_MATCH.as_str(), matches), (IF_NONE_MATCH.as_str(), matches_none)];
        let conditions = conditions.into_iter().filter(|(_, value)| !value.is_empty());
        let authorization = [(AUTHORIZATION.as_str(), authorization.as_str())];
        for (name, value) in headers.into_iter().chain(conditions).chain(authorization) {
            let value = HeaderValue::from_str(value)
                .map_err(|_| InvalidConnectionString("a header would have characters that none may have"))?;
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        if request.method() == Method::PUT {
            // A blob without content must say so, which the client leaves out.
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        *request.body_mut() = Some(body.into());
        Ok(request)
    }

    fn text_to_sign(
        &self,
        headers: &BTreeMap<&'static str, &str>,
        length: usize,
        account: &ConnectionString,
        url: &Url,
    ) -> String {
        let length = if length == 0 { String::new() } else { length.to_string() };
        let (matches, matches_none) = self.condition.headers();
        // The standard headers, of which the others are not sent. x-ms-date stands in for Date.
        let mut text = format!("{}\n\n\n{length}\n\n\n\n\n{matches}\n{matches_none}\n\n\n", self.method);
        for (name, value) in headers {
            let _ = writeln!(text, "{name}:{value}");
        }
        let _ = write!(text, "/{}{}", account.account, url.path());
        for (name, value) in self.query {
            let _ = write!(text, "\n{name}:{value}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_strings_are_read() {
        let account = ConnectionString::parse("UseDevelopmentStorage=true").unwrap();
        assert_eq!(account.account, "devstoreaccount1");
        assert_eq!(account.endpoint.as_str(), "http://127.0.0.1:10000/devstoreaccount1");
        assert!(!format!("{account:?}").contains("Eby8"));
        for text in [
            "",
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=YWJj;EndpointSuffix=core.windows.net",
            "AccountName=a;AccountKey=YWJj;BlobEndpoint=https://a.blob.core.windows.net",
            "AccountName=a;AccountKey=?;BlobEndpoint=http://127.0.0.1:1/a",
            "AccountName=a;BlobEndpoint=http://127.0.0.1:1/a",
        ] {
            assert!(ConnectionString::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_request_names_what_it_signs() {
        let account = ConnectionString::parse("UseDevelopmentStorage=true").unwrap();
        let request = SignedRequest {
            method: Method::PUT,
            segments: &["c", "a b", "d.json"],
            query: &[("restype", "container")],
            headers: &[("x-ms-blob-type", "BlockBlob")],
            condition: Condition::IsNew,
        };
        let request = request.build(&account, b"x".to_vec()).unwrap();
        assert_eq!(request.url().path(), "/devstoreaccount1/c/a%20b/d.json");
        assert_eq!(request.url().query(), Some("restype=container"));
        assert_eq!(request.headers()["if-none-match"], "*");
        assert!(request.headers()["authorization"].to_str().unwrap().starts_with("SharedKey devstoreaccount1:"));
    }
}
