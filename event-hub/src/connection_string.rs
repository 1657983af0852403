//! The connection string of an event hub, as the portal and `az` show it.

use std::fmt;

/// A parsed connection string. The key is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionString {
    /// The namespace's host name.
    pub host: String,
    /// The port, where the endpoint names one. Only the development emulator's does.
    pub port: Option<u16>,
    /// The hub, where the string is that of one hub rather than of the namespace.
    pub entity_path: Option<String>,
    /// Plain AMQP without TLS, for an emulator on the developer's own machine.
    pub use_development_emulator: bool,
    /// What proves that its holder may send.
    pub access: SharedAccess,
}

/// The part of a connection string that gives access.
#[derive(Clone, PartialEq, Eq)]
pub enum SharedAccess {
    /// A policy's name and key, of which signatures are made.
    Key {
        /// The policy.
        name: String,
        /// Its primary or secondary key.
        key: String,
    },
    /// A signature that was made elsewhere, `SharedAccessSignature sr=…`, good until it expires.
    Signature(String),
}

impl ConnectionString {
    /// Reads `text`.
    ///
    /// The error says what is wrong with it, as the end of a sentence that begins with what the text is called; never
    /// with the key in it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut endpoint = None;
        let (mut key_name, mut key, mut signature) = (None, None, None);
        let mut entity_path = None;
        let mut use_development_emulator = false;
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or("has a part that is not name=value")?;
            match name.to_ascii_lowercase().as_str() {
                "endpoint" => endpoint = Some(value),
                "sharedaccesskeyname" => key_name = Some(value),
                "sharedaccesskey" => key = Some(value),
                "sharedaccesssignature" => signature = Some(value),
                "entitypath" => entity_path = Some(value.to_owned()).filter(|name| !name.is_empty()),
                "usedevelopmentemulator" => use_development_emulator = value.eq_ignore_ascii_case("true"),
                _ => {}
            }
        }
        let access = match (key_name, key, signature) {
            (Some(name), Some(key), _) => SharedAccess::Key { name: name.to_owned(), key: key.to_owned() },
            (_, _, Some(signature)) => SharedAccess::Signature(signature.to_owned()),
            _ => return Err("has neither SharedAccessKeyName and SharedAccessKey nor SharedAccessSignature"),
        };
        let (host, port) = address(endpoint.ok_or("has no Endpoint")?)?;
        Ok(Self { host, port, entity_path, use_development_emulator, access })
    }

    /// The string for the namespace, without the parts that only concern us.
    #[must_use]
    pub fn for_namespace(&self) -> String {
        let access = match &self.access {
            SharedAccess::Key { name, key } => format!("SharedAccessKeyName={name};SharedAccessKey={key}"),
            SharedAccess::Signature(signature) => format!("SharedAccessSignature={signature}"),
        };
        format!("Endpoint=sb://{}/;{access}", self.host)
    }
}

/// Host and port of `sb://host[:port]/`.
fn address(endpoint: &str) -> Result<(String, Option<u16>), &'static str> {
    const SHAPE: &str = "has an Endpoint that is not sb://<namespace>.servicebus.windows.net/";
    let authority = endpoint.split_once("://").ok_or(SHAPE)?.1.trim_end_matches('/');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().map_err(|_| SHAPE)?)),
        None => (authority, None),
    };
    if host.is_empty() || host.contains(['/', ':', '@']) {
        return Err(SHAPE);
    }
    Ok((host.to_owned(), port))
}

impl fmt::Debug for ConnectionString {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ConnectionString")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("entity_path", &self.entity_path)
            .field("use_development_emulator", &self.use_development_emulator)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0IQ==";

    #[test]
    fn reads_what_the_portal_shows() {
        let text = format!("Endpoint=sb://contoso.servicebus.windows.net/;{KEY};EntityPath=twins");
        let parsed = ConnectionString::parse(&text).unwrap();
        assert_eq!((&*parsed.host, parsed.port), ("contoso.servicebus.windows.net", None));
        assert_eq!(parsed.entity_path.as_deref(), Some("twins"));
        assert!(!parsed.use_development_emulator);
        assert_eq!(parsed.for_namespace(), format!("Endpoint=sb://contoso.servicebus.windows.net/;{KEY}"));
    }

    #[test]
    fn reads_the_emulator_form() {
        let parsed =
            ConnectionString::parse(&format!("endpoint=sb://localhost:5673;{KEY};UseDevelopmentEmulator=true;"));
        let parsed = parsed.unwrap();
        assert_eq!((&*parsed.host, parsed.port), ("localhost", Some(5673)));
        assert!(parsed.use_development_emulator);
    }

    #[test]
    fn says_what_is_wrong_and_never_the_key() {
        insta::assert_snapshot!(ConnectionString::parse("Endpoint").unwrap_err(), @"has a part that is not name=value");
        insta::assert_snapshot!(ConnectionString::parse("Endpoint=sb://h/").unwrap_err(), @"has neither SharedAccessKeyName and SharedAccessKey nor SharedAccessSignature");
        insta::assert_snapshot!(ConnectionString::parse(KEY).unwrap_err(), @"has no Endpoint");
        for endpoint in ["contoso", "sb://", "sb://h:x/", "sb://h/path/"] {
            let error = ConnectionString::parse(&format!("Endpoint={endpoint};{KEY}")).unwrap_err();
            assert_eq!(error, "has an Endpoint that is not sb://<namespace>.servicebus.windows.net/", "{endpoint}");
        }
        let parsed = ConnectionString::parse(&format!("Endpoint=sb://h/;{KEY}")).unwrap();
        assert!(!format!("{parsed:?}").contains("c2VjcmV0"));
    }
}
