//! Shared access signatures: `SharedAccessSignature sr=…&sig=…&se=…&skn=…`, where `sig` is the HMAC-SHA256, under the
//! key of the policy `skn`, of `sr` as it is written and `se` on a line of its own.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha2::Sha256;
use time::OffsetDateTime;

use super::address::{host, is_within};

/// The policy that signatures are checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy<'a> {
    pub(crate) name: &'a str,
    pub(crate) key: &'a str,
}

impl Policy<'_> {
    /// The connection string for a hub, topic or queue, with the flag that makes Microsoft's clients use plain AMQP.
    pub(crate) fn connection_string(&self, address: SocketAddr, entity: &str) -> String {
        let Self { name, key } = self;
        format!(
            "Endpoint=sb://{address};SharedAccessKeyName={name};SharedAccessKey={key};EntityPath={entity};\
             UseDevelopmentEmulator=true"
        )
    }
}

/// Checks a token for use with an audience. Gives the time when it expires, or the reason why it is no good in the
/// words of the service.
pub(crate) fn verify(
    token: &str,
    audience: &str,
    policy: Policy<'_>,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, String> {
    let token = Token::parse(token).ok_or("MalformedToken: The token is malformed.")?;
    if token.policy != policy.name || !token.is_signed_with(policy.key) {
        return Err("InvalidSignature: The token has an invalid signature.".to_owned());
    }
    if token.expires <= now {
        return Err(format!("ExpiredToken: The token is expired. Expiration time: '{}'.", token.expires));
    }
    if !token.covers(audience) {
        return Err(format!("InvalidAudience: The token is for '{}', not for '{audience}'.", token.resource));
    }
    Ok(token.expires)
}

struct Token<'a> {
    /// The resource as written, which is what was signed.
    signed_resource: &'a str,
    resource: String,
    signature: Vec<u8>,
    expiry: &'a str,
    expires: OffsetDateTime,
    policy: String,
}

impl<'a> Token<'a> {
    fn parse(token: &'a str) -> Option<Self> {
        let fields = token.strip_prefix("SharedAccessSignature ")?;
        let field = |name: &str| {
            fields
                .split('&')
                .find_map(|field| field.split_once('=').filter(|(key, _)| *key == name))
                .map(|(_, value)| value)
        };
        let decoded = |value: &str| percent_decode_str(value).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let signed_resource = field("sr")?;
        let expiry = field("se")?;
        Some(Self {
            signed_resource,
            resource: decoded(signed_resource)?,
            signature: BASE64.decode(decoded(field("sig")?)?).ok()?,
            expiry,
            expires: OffsetDateTime::from_unix_timestamp(expiry.parse().ok()?).ok()?,
            policy: decoded(field("skn")?)?,
        })
    }

    fn is_signed_with(&self, key: &str) -> bool {
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).is_ok_and(|mut mac| {
            mac.update(self.signed_resource.as_bytes());
            mac.update(b"\n");
            mac.update(self.expiry.as_bytes());
            mac.verify_slice(&self.signature).is_ok()
        })
    }

    fn covers(&self, audience: &str) -> bool {
        let same_host = match (host(&self.resource), host(audience)) {
            (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
            _ => true,
        };
        same_host && is_within(audience, &self.resource)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    use super::*;

    const POLICY: Policy<'_> = Policy { name: "send", key: "secret" };
    const NOW: i64 = 1_700_000_000;

    fn token(resource: &str, expires: i64, policy: Policy<'_>) -> String {
        let resource = utf8_percent_encode(resource, NON_ALPHANUMERIC).to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(policy.key.as_bytes()).unwrap();
        mac.update(format!("{resource}\n{expires}").as_bytes());
        let signature = BASE64.encode(mac.finalize().into_bytes());
        let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
        format!("SharedAccessSignature sr={resource}&sig={signature}&se={expires}&skn={}", policy.name)
    }

    fn check(token: &str, audience: &str) -> Result<OffsetDateTime, String> {
        verify(token, audience, POLICY, OffsetDateTime::from_unix_timestamp(NOW).unwrap())
    }

    /// Made with Python's hmac module, by the recipe in the documentation of the service.
    const FOREIGN: &str = "SharedAccessSignature sr=sb%3A%2F%2Fhost%2Ftwins&sig=RvxlZnguxVlG9fpOGCjQaz3lBCgLxEewjhGN7W%2BsBIM%3D&se=1700003600&skn=send";

    #[test]
    fn a_good_token_tells_when_it_expires() {
        let expires = check(FOREIGN, "sb://host/twins/Partitions/0").unwrap();
        assert_eq!(expires.unix_timestamp(), NOW + 3600);
        assert!(check(&token("amqps://host:5671/twins", NOW + 1, POLICY), "amqps://host/twins").is_ok());
    }

    #[test]
    fn a_bad_token_tells_why() {
        let other_key = Policy { key: "guess", ..POLICY };
        let other_name = Policy { name: "listen", ..POLICY };
        let good = "sb://host/twins";
        let cases = [
            (token(good, NOW + 1, other_key), "InvalidSignature"),
            (token(good, NOW + 1, other_name), "InvalidSignature"),
            (token(good, NOW, POLICY), "ExpiredToken"),
            (token("sb://host/other", NOW + 1, POLICY), "InvalidAudience"),
            (token("sb://elsewhere/twins", NOW + 1, POLICY), "InvalidAudience"),
            (token(good, NOW + 1, POLICY).replace("se=", "se=1"), "InvalidSignature"),
            ("Bearer abc".to_owned(), "MalformedToken"),
            ("SharedAccessSignature sr=a&sig=%%%".to_owned(), "MalformedToken"),
        ];
        for (token, reason) in cases {
            let error = check(&token, good).unwrap_err();
            assert!(error.starts_with(reason), "{token}: {error}");
        }
    }
}
