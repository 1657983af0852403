//! Where blobs go: a folder, or a storage account that speaks plain HTTP, which is Azurite.

use std::path::{Path, PathBuf};

use reqwest::{Method, Response, StatusCode};

use super::blob_path::BlobName;
use super::shared_key::{Condition, ConnectionString, InvalidConnectionString, SignedRequest};

/// Where blobs are written, whatever connection their bindings name.
#[derive(Clone, Debug)]
pub enum Storage {
    /// Each blob is the file `<folder>/<container>/<blob>`.
    Folder(PathBuf),
    /// A connection string, as it stands in `AzureWebJobsStorage`; `UseDevelopmentStorage=true` is Azurite on its
    /// default port. The endpoint must be `http://`: this is for the emulator, not for an account in Azure.
    Account(String),
}

/// A storage that is ready to be written to.
#[derive(Debug)]
pub(crate) enum BlobStore {
    Folder(PathBuf),
    Account { account: ConnectionString, client: reqwest::Client },
}

/// A blob could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlobError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{0:?}")]
    Request(#[from] reqwest::Error),
    #[error("{url} answered {status}: {body}")]
    Refused { url: String, status: StatusCode, body: String },
    #[error(transparent)]
    Signature(#[from] InvalidConnectionString),
}

impl BlobStore {
    /// Opens nothing yet; only the connection string is read.
    pub(crate) fn new(storage: &Storage) -> Result<Self, InvalidConnectionString> {
        Ok(match storage {
            Storage::Folder(path) => Self::Folder(path.clone()),
            Storage::Account(text) => {
                // A proxy from the environment has no business between this process and the emulator. No connection is
                // kept: writes are rare, and one that meets a connection closed in the meantime would fail a delivery.
                let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build();
                let client = client.unwrap_or_default();
                Self::Account { account: ConnectionString::parse(text)?, client }
            }
        })
    }

    /// Writes a blob, replacing one of the same name; its container is created if it isn't there.
    pub(crate) async fn write(&self, name: &BlobName, content: Vec<u8>) -> Result<(), BlobError> {
        match self {
            Self::Folder(folder) => write_file(folder, name, content).await,
            Self::Account { account, client } => put_blob(account, client, name, content).await,
        }
    }
}

async fn write_file(folder: &Path, name: &BlobName, content: Vec<u8>) -> Result<(), BlobError> {
    let path = folder.join(&name.container).join(&name.blob);
    let written = async {
        if let Some(parent) = path.parent() {
            tokio::fs::create_dir_all(parent).await?;
        }
        tokio::fs::write(&path, content).await
    };
    written.await.map_err(|source| BlobError::File { path, source })
}

async fn put_blob(
    account: &ConnectionString,
    client: &reqwest::Client,
    name: &BlobName,
    content: Vec<u8>,
) -> Result<(), BlobError> {
    let headers = [("x-ms-blob-type", "BlockBlob")];
    let response = put(account, client, name, &headers, Condition::None, content).await?;
    success(response, &[]).await
}

/// Puts a blob, into a container that is created if it isn't there, and gives the answer whatever it is.
pub(super) async fn put(
    account: &ConnectionString,
    client: &reqwest::Client,
    name: &BlobName,
    headers: &[(&'static str, &str)],
    condition: Condition<'_>,
    content: Vec<u8>,
) -> Result<Response, BlobError> {
    let segments = name.segments();
    let put = || async {
        let request = SignedRequest { method: Method::PUT, segments: &segments, query: &[], headers, condition };
        client.execute(request.build(account, content.clone())?).await.map_err(BlobError::from)
    };
    let response = put().await?;
    if response.status() != StatusCode::NOT_FOUND {
        return Ok(response);
    }
    create_container(account, client, &name.container).await?;
    put().await
}

async fn create_container(account: &ConnectionString, client: &reqwest::Client, name: &str) -> Result<(), BlobError> {
    let query = [("restype", "container")];
    let (segments, condition) = ([name], Condition::None);
    let request = SignedRequest { method: Method::PUT, segments: &segments, query: &query, headers: &[], condition };
    let response = client.execute(request.build(account, Vec::new())?).await?;
    // Another invocation may have been faster.
    success(response, &[StatusCode::CONFLICT]).await
}

pub(super) async fn success(response: Response, tolerated: &[StatusCode]) -> Result<(), BlobError> {
    let status = response.status();
    if status.is_success() || tolerated.contains(&status) {
        return Ok(());
    }
    let url = response.url().to_string();
    Err(BlobError::Refused { url, status, body: response.text().await.unwrap_or_default() })
}
