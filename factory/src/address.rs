//! Where an instance is, and whether it may see a token.

use url::{Host, Url};

/// The address of an instance: over TLS, or on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    url: Url,
}

/// An address at which no instance can be.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAddress {
    /// It is no URL with a host.
    #[error("{0:?} is no address of an instance. Take the host name from its page in the portal: https://<host name>.")]
    NoUrl(String),
    /// What goes there could be read and changed on its way.
    #[error("{0} is neither https nor on this machine. Everything but a stand-in on loopback needs https.")]
    Insecure(Url),
}

impl Address {
    /// Reads a URL, or a bare host name as the portal shows it.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&full).ok().filter(is_bare).ok_or_else(|| InvalidAddress::NoUrl(text.to_owned()))?;
        match url.scheme() {
            "https" => Ok(Self { url }),
            "http" if is_loopback(&url) => Ok(Self { url }),
            _ => Err(InvalidAddress::Insecure(url)),
        }
    }

    /// Whether requests need a token, and may have one: over TLS only.
    pub(crate) fn takes_token(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The URL of what these segments of a path name.
    pub(crate) fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }

    /// A link that the instance gave, if it leads to the same instance.
    pub(crate) fn follow(&self, link: &str) -> Option<Url> {
        self.url.join(link).ok().filter(|url| url.origin() == self.url.origin())
    }
}

/// Whether it has a host, perhaps a port, and nothing else.
fn is_bare(url: &Url) -> bool {
    url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_over_tls_only() {
        let takes = |text| Address::parse(text).unwrap().takes_token();
        for secure in ["contoso.api.weu.digitaltwins.azure.net", "https://contoso.api.weu.digitaltwins.azure.net/"] {
            assert!(takes(secure), "{secure}");
        }
        for local in ["http://127.0.0.1:8081", "http://[::1]:8081/", "http://localhost:8081"] {
            assert!(!takes(local), "{local}");
        }
        for insecure in ["http://contoso.net", "http://10.0.0.1", "http://localhost.contoso.net", "ftp://localhost"] {
            assert!(matches!(Address::parse(insecure), Err(InvalidAddress::Insecure(_))), "{insecure}");
        }
        for none in ["", "https://", "https://contoso.net/instance", "https://contoso.net/?a=b", "mailto:a@b"] {
            assert!(matches!(Address::parse(none), Err(InvalidAddress::NoUrl(_))), "{none}");
        }
    }

    #[test]
    fn a_link_leads_nowhere_else() {
        let address = Address::parse("https://contoso.net").unwrap();
        assert_eq!(address.follow("/models?page=2").unwrap().as_str(), "https://contoso.net/models?page=2");
        assert!(address.follow("https://contoso.net/models").is_some());
        for elsewhere in
            ["https://other.net/models", "http://contoso.net/models", "//other.net/", "https://contoso.net:1/"]
        {
            assert!(address.follow(elsewhere).is_none(), "{elsewhere}");
        }
    }

    #[test]
    fn an_id_is_one_segment() {
        let address = Address::parse("https://contoso.net").unwrap();
        let url = address.at(&["digitaltwins", "a/b ?#%", "relationships"]);
        assert_eq!(url.as_str(), "https://contoso.net/digitaltwins/a%2Fb%20%3F%23%25/relationships");
    }
}
