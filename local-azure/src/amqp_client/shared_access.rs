//! Shared access signatures, made of the key in a connection string.
//!
//! Source: learn.microsoft.com, "Authenticate access to Event Hubs resources using shared access signatures"; that of
//! Service Bus is the same.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac, digest::InvalidLength};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;
use time::OffsetDateTime;

/// A signature that opens `resource` until it expires.
pub(super) fn signature(
    resource: &str,
    key_name: &str,
    key: &str,
    expires: OffsetDateTime,
) -> Result<String, InvalidLength> {
    let resource = utf8_percent_encode(resource, NON_ALPHANUMERIC);
    let expiry = expires.unix_timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())?;
    mac.update(format!("{resource}\n{expiry}").as_bytes());
    let signature = BASE64.encode(mac.finalize().into_bytes());
    let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
    let key_name = utf8_percent_encode(key_name, NON_ALPHANUMERIC);
    Ok(format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={key_name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: made with Python's hmac module, by the recipe in the documentation.
    #[test]
    fn a_signature_is_what_the_recipe_makes() {
        let expires = OffsetDateTime::from_unix_timestamp(1_700_003_600).unwrap();
        assert_eq!(
            signature("sb://host/twins", "send", "secret", expires).unwrap(),
            "SharedAccessSignature sr=sb%3A%2F%2Fhost%2Ftwins&sig=RvxlZnguxVlG9fpOGCjQaz3lBCgLxEewjhGN7W%2BsBIM%3D\
             &se=1700003600&skn=send"
        );
    }
}
