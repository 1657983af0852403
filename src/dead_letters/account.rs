//! A storage account: where its Blob service is, and what proves to it who we are.

use std::fmt;

use object_store::azure::{AzureAccessKey, split_sas};
use url::{Host, Url};

/// The account that every storage emulator has. Name and key are published and the same everywhere.
const DEVELOPMENT_STORAGE: &str = "AccountName=devstoreaccount1;\
    AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;\
    BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1";

/// A storage account and the way into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageAccount {
    /// The Blob service's address, which does not end in a slash unless it has no path.
    pub(super) endpoint: Url,
    pub(super) access: StorageAccess,
}

/// What proves to a storage account that we may write. `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub enum StorageAccess {
    /// A key of the account.
    Key {
        /// The account's name.
        account: String,
        /// In base64.
        key: String,
    },
    /// A shared access signature, `sv=…&sig=…`.
    Signature(String),
    /// The managed identity of the resource in Azure that this runs on.
    ManagedIdentity {
        /// The user-assigned identity; `None` is the system-assigned one.
        client_id: Option<String>,
    },
    /// The developer's own login (`az login` or `azd auth login`), where there is no managed identity.
    DeveloperLogin,
}

impl StorageAccount {
    /// Reads a connection string as the portal shows it, or `UseDevelopmentStorage=true`, which is a local Azurite.
    ///
    /// The error says what is wrong with it, as the end of a sentence that begins with what the text is called; never
    /// with the key in it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (mut account, mut key, mut signature, mut endpoint) = (None, None, None, None);
        let (mut protocol, mut suffix) = ("https", "core.windows.net");
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or("has a part that is not name=value")?;
            match name.trim().to_ascii_lowercase().as_str() {
                "usedevelopmentstorage" if value.eq_ignore_ascii_case("true") => {
                    return Self::parse(DEVELOPMENT_STORAGE);
                }
                "accountname" => account = Some(value),
                "accountkey" => key = Some(value),
                "sharedaccesssignature" => signature = Some(value.trim_start_matches('?')),
                "blobendpoint" => endpoint = Some(value),
                "defaultendpointsprotocol" => protocol = value,
                "endpointsuffix" => suffix = value,
                _ => {}
            }
        }
        let endpoint = match (endpoint, account) {
            (Some(endpoint), _) => address(endpoint),
            (None, Some(account)) => address(&format!("{protocol}://{account}.blob.{suffix}")),
            (None, None) => return Err("has neither AccountName nor BlobEndpoint"),
        };
        let endpoint = endpoint.ok_or("has no BlobEndpoint like https://contoso.blob.core.windows.net")?;
        let access = match (account, key, signature) {
            (Some(account), Some(key), _) => {
                AzureAccessKey::try_new(key).map_err(|_| "has an AccountKey that is not base64")?;
                StorageAccess::Key { account: account.to_owned(), key: key.to_owned() }
            }
            (None, Some(_), _) => return Err("has no AccountName"),
            (_, None, Some(_)) if !is_protected(&endpoint) => {
                return Err("would show its SharedAccessSignature to the network: BlobEndpoint is not https://");
            }
            (_, None, Some(signature)) => {
                split_sas(signature).map_err(|_| "has a SharedAccessSignature that is not name=value&name=value")?;
                StorageAccess::Signature(signature.to_owned())
            }
            (_, None, None) => return Err("has neither AccountKey nor SharedAccessSignature"),
        };
        Ok(Self { endpoint, access })
    }

    /// The account of this name in Azure. `None` if accounts can't be named so.
    pub fn named(name: &str, access: StorageAccess) -> Option<Self> {
        let is_name = (3..=24).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let endpoint = Url::parse(&format!("https://{name}.blob.core.windows.net")).ok().filter(|_| is_name)?;
        Some(Self { endpoint, access })
    }

    /// The account whose Blob service has this address. `None` if it is no address, or one that would show the token to
    /// the network.
    pub fn at(address_of_service: &str, access: StorageAccess) -> Option<Self> {
        let endpoint = address(address_of_service).filter(is_protected)?;
        Some(Self { endpoint, access })
    }

    /// The host that serves it, with the port where it is not the scheme's own.
    pub(super) fn host(&self) -> String {
        let host = self.endpoint.host_str().unwrap_or_default();
        self.endpoint.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// What requests are signed for. Only a signature that is made of a key holds the name.
    pub(super) fn name(&self) -> &str {
        match &self.access {
            StorageAccess::Key { account, .. } => account,
            _ => self.endpoint.host_str().and_then(|host| host.split('.').next()).unwrap_or_default(),
        }
    }
}

/// The address of a service, and nothing that belongs to a request.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim_end_matches('/')).ok()?;
    let is_address = ["http", "https"].contains(&url.scheme())
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    is_address.then_some(url)
}

/// Whether what is sent there is seen by nobody on the way.
fn is_protected(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

impl fmt::Debug for StorageAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { account, .. } => {
                formatter.debug_struct("Key").field("account", account).finish_non_exhaustive()
            }
            Self::Signature(_) => formatter.debug_tuple("Signature").finish_non_exhaustive(),
            Self::ManagedIdentity { client_id } => {
                formatter.debug_struct("ManagedIdentity").field("client_id", client_id).finish()
            }
            Self::DeveloperLogin => formatter.write_str("DeveloperLogin"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_portal_shows() {
        let text =
            "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net";
        let account = StorageAccount::parse(text).unwrap();
        assert_eq!(account.endpoint.as_str(), "https://contoso.blob.core.windows.net/");
        assert_eq!((&*account.host(), account.name()), ("contoso.blob.core.windows.net", "contoso"));
        assert_eq!(format!("{account:?}").split_once("access").unwrap().1, r#": Key { account: "contoso", .. } }"#);
    }

    #[test]
    fn reads_a_signature() {
        let text = "blobendpoint=https://contoso.blob.core.windows.net/;SharedAccessSignature=?sv=2023&sig=c2VjcmV0%3D";
        let account = StorageAccount::parse(text).unwrap();
        assert_eq!(account.access, StorageAccess::Signature("sv=2023&sig=c2VjcmV0%3D".to_owned()));
        assert_eq!(account.name(), "contoso");
        assert!(!format!("{account:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn reads_the_emulator_s() {
        let account = StorageAccount::parse("UseDevelopmentStorage=true").unwrap();
        assert_eq!(account.endpoint.as_str(), "http://127.0.0.1:10000/devstoreaccount1");
        assert_eq!((&*account.host(), account.name()), ("127.0.0.1:10000", "devstoreaccount1"));
    }

    #[test]
    fn says_what_is_wrong_and_never_the_key() {
        let error = |text: &str| StorageAccount::parse(text).unwrap_err();
        insta::assert_snapshot!(error("secret"), @"has a part that is not name=value");
        insta::assert_snapshot!(error("AccountKey=c2VjcmV0"), @"has neither AccountName nor BlobEndpoint");
        insta::assert_snapshot!(error("UseDevelopmentStorage=false"), @"has neither AccountName nor BlobEndpoint");
        insta::assert_snapshot!(error("AccountName=contoso"), @"has neither AccountKey nor SharedAccessSignature");
        insta::assert_snapshot!(error("AccountName=contoso;AccountKey=?"), @"has an AccountKey that is not base64");
        insta::assert_snapshot!(error("BlobEndpoint=https://contoso.example;AccountKey=c2VjcmV0"), @"has no AccountName");
        insta::assert_snapshot!(error("BlobEndpoint=https://contoso.example;SharedAccessSignature=secret"), @"has a SharedAccessSignature that is not name=value&name=value");
        insta::assert_snapshot!(error("BlobEndpoint=http://contoso.example;SharedAccessSignature=sig=c2VjcmV0"), @"would show its SharedAccessSignature to the network: BlobEndpoint is not https://");
        for endpoint in
            ["contoso.example", "ftp://contoso.example", "https://contoso.example?sig=1", "https://a:b@contoso"]
        {
            let error = error(&format!("AccountName=contoso;AccountKey=c2VjcmV0;BlobEndpoint={endpoint}"));
            assert_eq!(error, "has no BlobEndpoint like https://contoso.blob.core.windows.net", "{endpoint}");
        }
    }

    #[test]
    fn a_token_goes_only_where_nobody_else_sees_it() {
        for (address, taken) in [
            ("https://contoso.blob.core.windows.net/", true),
            ("http://contoso.blob.core.windows.net", false),
            ("http://127.0.0.1:10000/devstoreaccount1", true),
            ("http://localhost:10000", true),
            ("http://[::1]:10000", true),
            ("contoso.blob.core.windows.net", false),
        ] {
            let account = StorageAccount::at(address, StorageAccess::DeveloperLogin);
            assert_eq!(account.is_some(), taken, "{address}");
        }
    }
}
