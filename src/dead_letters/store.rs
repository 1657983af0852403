//! Dead letters written, listed, read, and taken away again.

use std::{fmt, sync::OnceLock, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use object_store::{
    Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion, local::LocalFileSystem,
    path::Path, prefix::PrefixStore,
};
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    client::Refusal,
    config::StoreConfig,
    container::Container,
    error::{Place, StoreError},
    name::LetterName,
};
use crate::dead_letter::DeadLetter;

/// How many letters are written at once.
const AT_ONCE: usize = 16;

/// The pause between attempts, the first and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// How long an operator waits for something to succeed.
const OPERATION: Duration = Duration::from_secs(30);

/// Where dead letters are kept.
#[derive(Debug)]
pub struct Store {
    config: StoreConfig,
    place: Place,
    /// Opened for the first letter: most of those who never have one would pay two megabytes for the certificates and the
    /// code of a client that is not used.
    kept: OnceLock<Result<Kept, StoreError>>,
}

#[derive(Debug)]
enum Kept {
    /// To look whether a file has changed and to replace it are two steps here; somebody may come between.
    Files(PrefixStore<LocalFileSystem>),
    Blobs(Container),
}

/// What a blob or file held when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// As it was written: JSON, one would think.
    pub bytes: Vec<u8>,
    /// To tell later whether it has changed.
    pub version: Version,
}

/// The version of a blob or file: its `ETag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Store {
    /// A store that nothing is asked yet, so that what is wrong with an account shows when a letter is written.
    pub fn new(config: StoreConfig) -> Self {
        Self { place: Place::of(&config), config, kept: OnceLock::new() }
    }

    /// Writes letters, one blob or file each, by `deadline`. What is there already stays as it is.
    ///
    /// After an error some may be written. Writing them again changes nothing of those.
    pub async fn write(&self, letters: &[DeadLetter<'_>], deadline: Instant) -> Result<(), StoreError> {
        if letters.is_empty() {
            return Ok(());
        }
        let blobs = letters.iter().map(|letter| {
            let content = serde_json::to_vec(&[letter])?;
            Ok((LetterName::of(letter.event), PutPayload::from(content)))
        });
        let blobs: serde_json::Result<Vec<_>> = blobs.collect();
        let blobs = blobs.map_err(|error| StoreError::of(&self.place, &error))?;
        let kept = self.kept()?;
        let written = stream::iter(blobs).map(|(name, content)| async move {
            self.attempt(deadline, || kept.put_new(&name, content.clone())).await
        });
        written.buffer_unordered(AT_ONCE).try_collect().await
    }

    /// The names of all letters of whatever kind, what came first in front. A container or folder that is missing has
    /// none.
    pub async fn list(&self) -> Result<Vec<LetterName>, StoreError> {
        let kept = self.kept()?;
        // It comes by the 5,000, each in a time of its own, and there may be millions.
        let list = || async { Some(kept.objects().list(None).try_collect().await) };
        let listed = self.retry(Instant::now() + OPERATION, list).await;
        let mut letters: Vec<ObjectMeta> = match listed {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            listed => listed?,
        };
        letters.retain(|letter| letter.location.extension() == Some("json"));
        letters.sort_by(|a, b| (a.last_modified, &a.location).cmp(&(b.last_modified, &b.location)));
        Ok(letters.into_iter().map(|letter| LetterName(letter.location)).collect())
    }

    /// What a blob or file holds; `None` if there is none by now.
    pub async fn read(&self, name: &LetterName) -> Result<Option<Stored>, StoreError> {
        let kept = self.kept()?;
        let read = self.attempt(Instant::now() + OPERATION, || async {
            let found = kept.objects().get(&name.0).await?;
            let version = version(&found.meta)?;
            Ok(Stored { bytes: found.bytes().await?.into(), version })
        });
        found(read.await)
    }

    /// Takes a letter away if it holds what was read. Answers whether it is gone.
    pub async fn delete(&self, name: &LetterName, read: &Version) -> Result<bool, StoreError> {
        let kept = self.kept()?;
        let deleted = self.attempt(Instant::now() + OPERATION, || async {
            match kept {
                Kept::Blobs(container) => match container.delete(&name.0, &read.0).await {
                    // That is also said of one that is gone.
                    Err(error) if is_changed(&error) => container.blobs().head(&name.0).await.map(|_| false),
                    deleted => deleted.map(|()| true),
                },
                Kept::Files(files) if version(&files.head(&name.0).await?)? == *read => {
                    files.delete(&name.0).await.map(|()| true)
                }
                Kept::Files(_) => Ok(false),
            }
        });
        Ok(found(deleted.await)?.unwrap_or(true))
    }

    /// Writes something else in the place of a letter if it holds what was read. Answers whether it did.
    pub async fn rewrite(&self, name: &LetterName, read: &Version, bytes: Vec<u8>) -> Result<bool, StoreError> {
        let kept = self.kept()?;
        let content = PutPayload::from(bytes);
        let written = self.attempt(Instant::now() + OPERATION, || async {
            let mode = match kept {
                Kept::Blobs(_) => PutMode::Update(UpdateVersion { e_tag: Some(read.0.clone()), version: None }),
                Kept::Files(files) if version(&files.head(&name.0).await?)? == *read => PutMode::Overwrite,
                Kept::Files(_) => return Ok(false),
            };
            match kept.objects().put_opts(&name.0, content.clone(), mode.into()).await {
                Err(error) if is_changed(&error) => Ok(false),
                put => put.map(|_| true),
            }
        });
        Ok(found(written.await)?.unwrap_or(false))
    }

    fn kept(&self) -> Result<&Kept, StoreError> {
        let open = || Kept::open(&self.config).map_err(|error| StoreError::of(&self.place, &error));
        self.kept.get_or_init(open).as_ref().map_err(Clone::clone)
    }

    /// Tries something until it succeeds or fails for good, and gives it up at the deadline.
    async fn attempt<T, F>(&self, deadline: Instant, something: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        self.retry(deadline, || async { timeout_at(deadline, something()).await.ok() }).await
    }

    /// Tries something again while there is time and that could help. What gives no result has given itself up: then the
    /// error is that of the attempt before.
    async fn retry<T, F>(&self, deadline: Instant, something: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Option<object_store::Result<T>>>,
    {
        let (mut pause, longest) = PAUSE;
        let mut last = StoreError::no_answer(&self.place);
        while let Some(result) = something().await {
            match result {
                Ok(done) => return Ok(done),
                Err(error) => last = StoreError::of(&self.place, &error),
            }
            if !last.is_passing() || Instant::now() + pause >= deadline {
                break;
            }
            sleep(pause).await;
            pause = longest.min(pause * 2);
        }
        Err(last)
    }
}

impl Kept {
    fn open(config: &StoreConfig) -> object_store::Result<Self> {
        Ok(match config {
            StoreConfig::Folder(folder) => {
                // On the disk before it counts as written.
                let files = LocalFileSystem::new().with_fsync(true);
                Self::Files(PrefixStore::new(files, Path::from_absolute_path(folder)?))
            }
            StoreConfig::Container { name, account } => Self::Blobs(Container::new(name, account)?),
        })
    }

    fn objects(&self) -> &dyn ObjectStore {
        match self {
            Self::Files(files) => files,
            Self::Blobs(container) => container.blobs(),
        }
    }

    /// Writes what is not there yet.
    async fn put_new(&self, name: &LetterName, content: PutPayload) -> object_store::Result<()> {
        let put = || self.objects().put_opts(&name.0, content.clone(), PutMode::Create.into());
        let put = match (put().await, self) {
            (Err(error), Self::Blobs(container)) if Refusal::is(&error, &["ContainerNotFound"]) => {
                container.create().await?;
                put().await
            }
            (put, _) => put,
        };
        match put {
            Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) if Refusal::is(&error, &["BlobAlreadyExists", "ConditionNotMet"]) => Ok(()),
            put => put.map(drop),
        }
    }
}

fn version(found: &ObjectMeta) -> object_store::Result<Version> {
    let no_etag = || Error::Generic { store: "dead letters", source: "no ETag".into() };
    found.e_tag.clone().map(Version).ok_or_else(no_etag)
}

/// Whether a request was not done because of its condition.
fn is_changed(error: &Error) -> bool {
    Refusal::is(error, &["ConditionNotMet"])
}

fn found<T>(result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match result {
        Err(error) if error.is_not_found() => Ok(None),
        result => result.map(Some),
    }
}

/// Where it is, for people to read: `container dead-letter of contoso.blob.core.windows.net`.
impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.place.name)
    }
}
