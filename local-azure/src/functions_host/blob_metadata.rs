//! Blobs that are nothing but their metadata: what the hosts that share a hub tell one another.
//!
//! A write can depend on what was read before, so that of several hosts that want the same one gets it. In a folder the
//! metadata is the content of the file, as JSON, and its own entity tag.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use reqwest::header::{ETAG, LAST_MODIFIED};
use reqwest::{Method, Response, StatusCode};

use super::blob::{BlobError, BlobStore, put, success};
use super::blob_path::BlobName;
use super::shared_key::{Condition, ConnectionString, SignedRequest};

const PREFIX: &str = "x-ms-meta-";

/// Names and values of the metadata of a blob; the names with the prefix that they have as headers.
pub(super) type Metadata<'a> = [(&'static str, &'a str)];

/// A blob as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MetadataBlob {
    /// By name, without prefix.
    pub(super) metadata: BTreeMap<String, String>,
    /// Other after each write that changed something.
    pub(super) tag: String,
    pub(super) modified: SystemTime,
}

impl BlobStore {
    /// Reads the metadata of a blob, if there is one.
    pub(super) async fn read_metadata(&self, name: &BlobName) -> Result<Option<MetadataBlob>, BlobError> {
        match self {
            Self::Folder(folder) => {
                let path = path(folder, name);
                in_thread(path, |path| match File::open(path) {
                    Ok(file) => read(file),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                })
                .await
            }
            Self::Account { account, client } => head(account, client, name).await,
        }
    }

    /// Writes a blob without content: `false` if the condition was not met.
    pub(super) async fn write_metadata(
        &self,
        name: &BlobName,
        metadata: &Metadata<'_>,
        condition: Condition<'_>,
    ) -> Result<bool, BlobError> {
        match self {
            Self::Folder(folder) => {
                let members: BTreeMap<_, _> = metadata.iter().map(|(name, value)| (unprefixed(name), *value)).collect();
                let content = serde_json::to_string(&members).unwrap_or_default();
                let expected = match condition {
                    Condition::None => None,
                    Condition::IsStill(tag) => Some(tag.to_owned()),
                    Condition::IsNew => Some(String::new()),
                };
                in_thread(path(folder, name), move |path| replace(path, expected.as_deref(), &content)).await
            }
            Self::Account { account, client } => {
                let headers: Vec<_> = metadata.iter().copied().chain([("x-ms-blob-type", "BlockBlob")]).collect();
                let response = put(account, client, name, &headers, condition, Vec::new()).await?;
                // A blob that must not be there yet, but is, is a conflict.
                let unmet = [StatusCode::PRECONDITION_FAILED, StatusCode::CONFLICT];
                let met = !unmet.contains(&response.status());
                success(response, &unmet).await.map(|()| met)
            }
        }
    }
}

fn path(folder: &Path, name: &BlobName) -> PathBuf {
    folder.join(&name.container).join(&name.blob)
}

fn unprefixed(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// Runs what blocks where it may.
async fn in_thread<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    let failed = path.clone();
    let done = tokio::task::spawn_blocking(move || work(&path)).await;
    done.map_err(io::Error::other).flatten().map_err(|source| BlobError::File { path: failed, source })
}

fn read(mut file: File) -> io::Result<Option<MetadataBlob>> {
    file.lock_shared()?;
    let mut tag = String::new();
    file.read_to_string(&mut tag)?;
    // Empty while another host has created and not yet written it.
    let Ok(metadata) = serde_json::from_str(&tag) else { return Ok(None) };
    Ok(Some(MetadataBlob { metadata, modified: file.metadata()?.modified()?, tag }))
}

/// Replaces the content of a file if it is still what is expected; empty is what it is before the first time.
fn replace(path: &Path, expected: Option<&str>, content: &str) -> io::Result<bool> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
    file.lock()?;
    let mut found = String::new();
    file.read_to_string(&mut found)?;
    if expected.is_some_and(|expected| expected != found) {
        return Ok(false);
    }
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(content.as_bytes())?;
    Ok(true)
}

async fn head(
    account: &ConnectionString,
    client: &reqwest::Client,
    name: &BlobName,
) -> Result<Option<MetadataBlob>, BlobError> {
    let segments = name.segments();
    let condition = Condition::None;
    let request = SignedRequest { method: Method::HEAD, segments: &segments, query: &[], headers: &[], condition };
    let response = client.execute(request.build(account, Vec::new())?).await?;
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let blob = of_headers(&response);
    success(response, &[]).await.map(|()| Some(blob))
}

fn of_headers(response: &Response) -> MetadataBlob {
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let names = response.headers().keys().filter_map(|name| name.as_str().strip_prefix(PREFIX));
    MetadataBlob {
        metadata: names.map(|name| (name.to_owned(), text(&format!("{PREFIX}{name}")).to_owned())).collect(),
        tag: text(ETAG.as_str()).to_owned(),
        modified: httpdate::parse_http_date(text(LAST_MODIFIED.as_str())).unwrap_or(SystemTime::UNIX_EPOCH),
    }
}
