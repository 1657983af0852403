//! Connection strings of namespaces, as the stand-ins print them.

use std::fmt;

/// The port of plain AMQP.
const PORT: u16 = 5672;

/// A parsed connection string. The key is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ConnectionString {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The policy that the key is of.
    pub(crate) key_name: String,
    pub(crate) key: String,
    /// The hub, topic or queue, where the string is for one.
    pub(crate) entity_path: Option<String>,
}

impl ConnectionString {
    /// Reads `text`. The error is the end of a sentence that begins with what the text is called.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (mut endpoint, mut key_name, mut key, mut entity_path) = (None, None, None, None);
        let mut is_emulator = false;
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or("has a part that is not name=value")?;
            match name.to_ascii_lowercase().as_str() {
                "endpoint" => endpoint = Some(value),
                "sharedaccesskeyname" => key_name = Some(value.to_owned()),
                "sharedaccesskey" => key = Some(value.to_owned()),
                "entitypath" => entity_path = Some(value.to_owned()).filter(|path| !path.is_empty()),
                "usedevelopmentemulator" => is_emulator = value.eq_ignore_ascii_case("true"),
                _ => {}
            }
        }
        if !is_emulator {
            return Err("has no UseDevelopmentEmulator=true, and nothing but plain AMQP is spoken here");
        }
        let (host, port) = address(endpoint.ok_or("has no Endpoint")?).ok_or("has an Endpoint that is no sb:// URL")?;
        let key_name = key_name.ok_or("has no SharedAccessKeyName")?;
        Ok(Self { host, port, key_name, key: key.ok_or("has no SharedAccessKey")?, entity_path })
    }
}

impl fmt::Debug for ConnectionString {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, key_name, entity_path, .. } = self;
        let mut shown = out.debug_struct("ConnectionString");
        shown.field("host", host).field("port", port).field("key_name", key_name).field("entity_path", entity_path);
        shown.finish_non_exhaustive()
    }
}

/// Host and port of `sb://host[:port]/`.
fn address(endpoint: &str) -> Option<(String, u16)> {
    let authority = endpoint.strip_prefix("sb://")?.trim_end_matches('/');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, PORT),
    };
    (!host.is_empty() && !host.contains(['/', '@'])).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCESS: &str = "SharedAccessKeyName=all;SharedAccessKey=c2VjcmV0IQ==;UseDevelopmentEmulator=true";

    #[test]
    fn reads_what_stand_ins_and_emulators_print() {
        let parsed =
            ConnectionString::parse(&format!("Endpoint=sb://127.0.0.1:5673;{ACCESS};EntityPath=twins")).unwrap();
        assert_eq!((&*parsed.host, parsed.port), ("127.0.0.1", 5673));
        assert_eq!((&*parsed.key_name, &*parsed.key), ("all", "c2VjcmV0IQ=="));
        assert_eq!(parsed.entity_path.as_deref(), Some("twins"));
        assert!(!format!("{parsed:?}").contains("c2VjcmV0"));

        let parsed = ConnectionString::parse(&format!("endpoint=sb://localhost/;{ACCESS};")).unwrap();
        assert_eq!((&*parsed.host, parsed.port, parsed.entity_path), ("localhost", PORT, None));
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, problem) in [
            ("Endpoint".to_owned(), "has a part that is not name=value"),
            (ACCESS.to_owned(), "has no Endpoint"),
            (format!("Endpoint=sb://h:x;{ACCESS}"), "has an Endpoint that is no sb:// URL"),
            (format!("Endpoint=http://h;{ACCESS}"), "has an Endpoint that is no sb:// URL"),
            ("Endpoint=sb://h;UseDevelopmentEmulator=true".to_owned(), "has no SharedAccessKeyName"),
        ] {
            assert_eq!(ConnectionString::parse(&text).unwrap_err(), problem, "{text}");
        }
        let azure = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=x";
        assert!(ConnectionString::parse(azure).unwrap_err().starts_with("has no UseDevelopmentEmulator=true"));
    }
}
