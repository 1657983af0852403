//! The connection string of a namespace, `Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…`, and its signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;
use time::OffsetDateTime;

/// Where an emulator listens if its connection string doesn't say.
const AMQP_PORT: u16 = 5672;

/// For how long a signature is good: longer than a host runs on a laptop, since none is renewed.
const VALIDITY: time::Duration = time::Duration::weeks(4);

/// Where a namespace is, and who asks.
#[derive(Clone)]
pub(in super::super) struct ConnectionString {
    /// The fully qualified namespace, which is the name of the host without its port.
    pub(in super::super) host: String,
    pub(super) port: u16,
    key_name: String,
    key: String,
    /// The hub, queue or topic that it is for, if it is for one only.
    pub(in super::super) entity_path: Option<String>,
}

/// A connection string that can't be used here.
#[derive(Debug, thiserror::Error)]
#[error("connection string: {0}")]
pub(in super::super) struct UnusableConnectionString(&'static str);

impl ConnectionString {
    pub(in super::super) fn parse(text: &str) -> Result<Self, UnusableConnectionString> {
        let settings = text.split(';').filter_map(|setting| setting.split_once('='));
        let settings: Vec<_> = settings.map(|(name, value)| (name.trim(), value.trim())).collect();
        let get = |name: &str| {
            settings.iter().find(|(setting, _)| setting.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
        };
        let need = |name: &str, missing| get(name).ok_or(UnusableConnectionString(missing));
        if !get("UseDevelopmentEmulator").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Err(UnusableConnectionString("no UseDevelopmentEmulator=true (only an emulator can be used)"));
        }
        let endpoint = need("Endpoint", "no Endpoint")?;
        let authority = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest).trim_end_matches('/');
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => {
                (host, port.parse().map_err(|_| UnusableConnectionString("the port in Endpoint is no number"))?)
            }
            None => (authority, AMQP_PORT),
        };
        if host.is_empty() {
            return Err(UnusableConnectionString("no host in Endpoint"));
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            key_name: need("SharedAccessKeyName", "no SharedAccessKeyName")?.to_owned(),
            key: need("SharedAccessKey", "no SharedAccessKey")?.to_owned(),
            entity_path: get("EntityPath").filter(|path| !path.is_empty()).map(str::to_owned),
        })
    }

    /// A shared access signature for a resource, `amqp://host/entity`.
    pub(super) fn sign(&self, resource: &str, now: OffsetDateTime) -> Result<String, UnusableConnectionString> {
        let resource = utf8_percent_encode(resource, NON_ALPHANUMERIC).to_string();
        let expiry = (now + VALIDITY).unix_timestamp();
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes())
            .map_err(|_| UnusableConnectionString("SharedAccessKey is no key"))?;
        mac.update(format!("{resource}\n{expiry}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
        let name = utf8_percent_encode(&self.key_name, NON_ALPHANUMERIC);
        Ok(format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={name}"))
    }
}

/// Never shows the key.
impl std::fmt::Debug for ConnectionString {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ConnectionString({}:{})", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMULATOR: &str = "Endpoint=sb://127.0.0.1:1234/;SharedAccessKeyName=send;SharedAccessKey=secret==;\
                            EntityPath=twins;UseDevelopmentEmulator=true;";

    #[test]
    fn connection_strings_are_read() {
        let namespace = ConnectionString::parse(EMULATOR).unwrap();
        assert_eq!((namespace.host.as_str(), namespace.port), ("127.0.0.1", 1234));
        assert_eq!((namespace.key.as_str(), namespace.entity_path.as_deref()), ("secret==", Some("twins")));
        assert!(!format!("{namespace:?}").contains("secret"));
        let namespace = ConnectionString::parse(&EMULATOR.replace(":1234/", "").replace("twins", "")).unwrap();
        assert_eq!((namespace.port, namespace.entity_path), (5672, None));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (part, problem) in [
            ("UseDevelopmentEmulator=true", "only an emulator"),
            ("Endpoint=sb://127.0.0.1:1234/", "no Endpoint"),
            ("SharedAccessKeyName=send", "no SharedAccessKeyName"),
            ("SharedAccessKey=secret==", "no SharedAccessKey"),
            ("127.0.0.1:1234/", "no host"),
            ("234", "no number"),
        ] {
            let text = if part == "234" { EMULATOR.replace(part, "x") } else { EMULATOR.replace(part, "") };
            let error = ConnectionString::parse(&text).unwrap_err().to_string();
            assert!(error.contains(problem), "{part}: {error}");
        }
    }

    /// Made with Python's hmac module, by the recipe in the documentation of the service.
    #[test]
    fn a_signature_is_that_of_the_recipe() {
        let namespace = ConnectionString::parse(&EMULATOR.replace("secret==", "secret")).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_700_003_600).unwrap() - VALIDITY;
        let expected = "SharedAccessSignature sr=sb%3A%2F%2Fhost%2Ftwins&sig=RvxlZnguxVlG9fpOGCjQaz3lBCgLxEewjhGN7W%2BsBIM%3D&se=1700003600&skn=send";
        assert_eq!(namespace.sign("sb://host/twins", now).unwrap(), expected);
    }
}
