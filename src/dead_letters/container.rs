//! A container of a storage account. `object_store` can't make one, and deletes a blob whatever it holds now: these two
//! requests are made here, by the same client and with the same credential as its own.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use event_hub_producer::Credential;
use http::{
    HeaderName, HeaderValue, Method,
    header::{CONTENT_LENGTH, IF_MATCH},
};
use object_store::{
    ClientOptions, Result, RetryConfig, StaticCredentialProvider,
    azure::{
        AzureAccessKey, AzureAuthorizer, AzureCredential, AzureCredentialProvider, MicrosoftAzure,
        MicrosoftAzureBuilder, split_sas,
    },
    client::{HttpClient, HttpRequest, HttpRequestBody},
    path::Path,
};
use url::{ParseError, Url};

use super::{
    account::{StorageAccess, StorageAccount},
    client::{Client, Connector, Refusal},
    config::ContainerName,
    identity::{Identity, NoToken, STORAGE},
};

/// How long a connection is kept that nobody uses: less than the address translation of Azure's networks remembers one
/// (four minutes), after which a request gets no answer.
const IDLE: Duration = Duration::from_secs(60);

/// The longest that one request may take, where nobody has a deadline.
const REQUEST: Duration = Duration::from_secs(30);

const DELETE_SNAPSHOTS: HeaderName = HeaderName::from_static("x-ms-delete-snapshots");

/// A container, and the way into it. `Debug` shows no secret.
pub(super) struct Container {
    blobs: MicrosoftAzure,
    client: HttpClient,
    address: Url,
    /// What requests are signed for.
    account: String,
}

impl Container {
    /// Asks for nothing yet.
    pub(super) fn new(name: &ContainerName, account: &StorageAccount) -> Result<Self> {
        let options = ClientOptions::new()
            .with_allow_http(account.endpoint.scheme() == "http")
            .with_default_content_type("application/json")
            .with_timeout(REQUEST)
            .with_pool_idle_timeout(IDLE);
        let client = Client::connect(&options)?;
        // What failed is tried again by the store, which knows how long.
        let no_retries = RetryConfig { max_retries: 0, ..RetryConfig::default() };
        let blobs = MicrosoftAzureBuilder::new()
            .with_endpoint(account.endpoint.to_string())
            .with_account(account.name())
            .with_container_name(name.to_string())
            .with_credentials(credentials(&account.access)?)
            .with_client_options(options)
            .with_http_connector(Connector(client.clone()))
            .with_retry(no_retries)
            .build()?;
        let address = below(&account.endpoint, [&*name.to_string()])?;
        Ok(Self { blobs, client, address, account: account.name().to_owned() })
    }

    /// What `object_store` can do with it.
    pub(super) fn blobs(&self) -> &MicrosoftAzure {
        &self.blobs
    }

    /// Makes the container, unless somebody was quicker.
    pub(super) async fn create(&self) -> Result<()> {
        let mut address = self.address.clone();
        address.set_query(Some("restype=container"));
        match self.send(Method::PUT, &address, [(CONTENT_LENGTH, HeaderValue::from_static("0"))]).await {
            Err(error) if Refusal::is(&error, &["ContainerAlreadyExists"]) => Ok(()),
            result => result,
        }
    }

    /// Deletes a blob that has this `ETag` still.
    pub(super) async fn delete(&self, blob: &Path, etag: &str) -> Result<()> {
        let segments: Vec<_> = blob.parts().collect();
        let address = below(&self.address, segments.iter().map(AsRef::as_ref))?;
        let headers =
            [(IF_MATCH, etag.parse().map_err(error)?), (DELETE_SNAPSHOTS, HeaderValue::from_static("include"))];
        self.send(Method::DELETE, &address, headers).await
    }

    async fn send(
        &self,
        method: Method,
        address: &Url,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<()> {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = method;
        *request.uri_mut() = address.as_str().parse().map_err(error)?;
        request.headers_mut().extend(headers);
        let credential = self.blobs.credentials().get_credential().await?;
        AzureAuthorizer::new(&credential, &self.account).try_authorize(&mut request)?;
        self.client.execute(request).await.map(drop).map_err(error)
    }
}

fn credentials(access: &StorageAccess) -> Result<AzureCredentialProvider> {
    let secret = match access {
        StorageAccess::Key { key, .. } => AzureCredential::AccessKey(AzureAccessKey::try_new(key).map_err(error)?),
        StorageAccess::Signature(signature) => AzureCredential::SASToken(split_sas(signature)?),
        StorageAccess::ManagedIdentity { client_id } => {
            return identity(Credential::managed_identity(client_id.as_deref(), STORAGE));
        }
        StorageAccess::DeveloperLogin => return identity(Credential::developer_login(STORAGE)),
    };
    Ok(Arc::new(StaticCredentialProvider::new(secret)))
}

fn identity(credential: Result<Arc<Credential>, impl Error>) -> Result<AzureCredentialProvider> {
    Ok(Arc::new(Identity(credential.map_err(|why| error(NoToken(why.to_string())))?)))
}

/// An address with more segments.
fn below<'a>(address: &Url, segments: impl IntoIterator<Item = &'a str>) -> Result<Url> {
    let mut address = address.clone();
    let path = address.path_segments_mut().map_err(|()| error(ParseError::RelativeUrlWithCannotBeABaseBase));
    path?.pop_if_empty().extend(segments);
    Ok(address)
}

fn error(source: impl Error + Send + Sync + 'static) -> object_store::Error {
    object_store::Error::Generic { store: "container", source: Box::new(source) }
}

impl fmt::Debug for Container {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Container").field(&self.address.as_str()).finish()
    }
}
