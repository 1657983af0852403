//! Shared access signatures, made of the key in a connection string.
//!
//! Source: learn.microsoft.com, "Authenticate access to Event Hubs resources using shared access signatures".

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use time::{Duration, OffsetDateTime};

/// How long a signature is good for, as in Microsoft's SDKs.
pub(crate) const VALIDITY: Duration = Duration::hours(1);

/// A signature that opens `resource` until it expires.
pub(crate) fn signature(resource: &str, key_name: &str, key: &str, expires_on: OffsetDateTime) -> String {
    let resource = utf8_percent_encode(resource, NON_ALPHANUMERIC);
    let expiry = expires_on.unix_timestamp();
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = STANDARD.encode(hmac::sign(&key, format!("{resource}\n{expiry}").as_bytes()));
    let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
    let key_name = utf8_percent_encode(key_name, NON_ALPHANUMERIC);
    format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={key_name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: made with Python's hmac module, by the recipe in the documentation.
    #[test]
    fn a_signature_is_what_the_recipe_makes() {
        let expires_on = OffsetDateTime::from_unix_timestamp(1_700_003_600).unwrap();
        assert_eq!(
            signature("sb://host/twins", "send", "secret", expires_on),
            "SharedAccessSignature sr=sb%3A%2F%2Fhost%2Ftwins&sig=RvxlZnguxVlG9fpOGCjQaz3lBCgLxEewjhGN7W%2BsBIM%3D&se=1700003600&skn=send"
        );
    }
}
