//! Why the store could not do what it was asked, in the few classes that make a difference to an operator.

use std::{
    error::Error,
    fmt::{self, Display},
    sync::Arc,
};

use http::StatusCode;
use object_store::client::{HttpError, HttpErrorKind};

use super::{
    account::StorageAccess,
    cause::{find, innermost},
    client::Refusal,
    config::StoreConfig,
    identity::NoToken,
};

/// Why the store could not do what it was asked. The texts tell an operator what to do, and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    place: Place,
    problem: Problem,
}

/// Where dead letters are kept, as texts name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Without an article.
    pub(super) name: Arc<str>,
    entry: Entry,
}

impl Place {
    pub(super) fn of(config: &StoreConfig) -> Self {
        let (name, entry) = match config {
            StoreConfig::Folder(folder) => (format!("folder {}", folder.display()), Entry::File),
            StoreConfig::Container { name, account } => {
                let entry = match account.access {
                    StorageAccess::Key { .. } | StorageAccess::Signature(_) => Entry::Secret,
                    StorageAccess::ManagedIdentity { .. } | StorageAccess::DeveloperLogin => Entry::Identity,
                };
                (format!("container {name} of {}", account.host()), entry)
            }
        };
        Self { name: name.into(), entry }
    }
}

/// How we come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    File,
    Secret,
    Identity,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Unreachable(String),
    Interrupted(String),
    NoAnswer,
    Denied(String),
    NoToken(String),
    /// There is no such blob or file, or not even what would hold it.
    NotFound(String),
    /// Anything else that is said.
    Failed(String),
}

impl StoreError {
    /// What an error means.
    pub(super) fn of(place: &Place, error: &(dyn Error + 'static)) -> Self {
        let problem = if let Some(object_store::Error::NotFound { .. }) = find(error) {
            Problem::NotFound(innermost(error))
        } else if let Some(refusal) = find::<Refusal>(error) {
            Problem::of_refusal(refusal)
        } else if let Some(NoToken(reason)) = find(error) {
            Problem::NoToken(reason.clone())
        } else if let Some(http) = find::<HttpError>(error) {
            let reason = innermost(http);
            match http.kind() {
                HttpErrorKind::Connect => Problem::Unreachable(reason),
                HttpErrorKind::Timeout => Problem::NoAnswer,
                _ => Problem::Interrupted(reason),
            }
        } else {
            Problem::Failed(innermost(error))
        };
        Self { place: place.clone(), problem }
    }

    /// The time is up, and nothing was heard.
    pub(super) fn no_answer(place: &Place) -> Self {
        Self { place: place.clone(), problem: Problem::NoAnswer }
    }

    /// Whether trying again soon could help.
    pub fn is_passing(&self) -> bool {
        matches!(self.problem, Problem::Unreachable(_) | Problem::Interrupted(_) | Problem::NoAnswer)
    }

    /// Whether what was asked for is not there.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self.problem, Problem::NotFound(_))
    }

    /// A word for status pages and for alerts over a log.
    pub fn kind(&self) -> &'static str {
        match self.problem {
            Problem::Unreachable(_) => "storeUnreachable",
            Problem::Interrupted(_) => "storeInterrupted",
            Problem::NoAnswer => "storeNoAnswer",
            Problem::Denied(_) | Problem::NoToken(_) => "storeDenied",
            Problem::NotFound(_) | Problem::Failed(_) => "storeFailed",
        }
    }
}

impl Problem {
    fn of_refusal(refusal: &Refusal) -> Self {
        let text = refusal.to_string();
        match refusal.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Denied(text),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Self::Interrupted(text),
            StatusCode::NOT_FOUND if ["BlobNotFound", "ContainerNotFound"].contains(&&*refusal.code) => {
                Self::NotFound(text)
            }
            // It can be made again in half a minute or so.
            StatusCode::CONFLICT if refusal.code == "ContainerBeingDeleted" => Self::Interrupted(text),
            status if status.is_server_error() => Self::Interrupted(text),
            _ => Self::Failed(text),
        }
    }
}

impl Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "The {} ", self.place.name)?;
        match (&self.problem, self.place.entry) {
            (Problem::Unreachable(reason), _) => write!(
                formatter,
                "can't be reached ({reason}). Check the account in AzureWebJobsStorage, the network, and the firewall of the account."
            ),
            (Problem::Interrupted(reason), _) => write!(
                formatter,
                "has interrupted its service ({reason}). If that goes on, check the health of the storage account."
            ),
            (Problem::NoAnswer, Entry::File) => formatter.write_str("does not answer. Check the disk."),
            (Problem::NoAnswer, Entry::Identity) => formatter.write_str(
                "does not answer, or the identity gets no token in time. Check the health and the firewall of the storage account.",
            ),
            (Problem::NoAnswer, Entry::Secret) => {
                formatter.write_str("does not answer. Check the health and the firewall of the storage account.")
            }
            (Problem::Denied(reason), Entry::Identity) => write!(
                formatter,
                "denies access ({reason}). Give the identity (AzureWebJobsStorage__clientId) the role Storage Blob Data Contributor on the storage account or the container, and check the firewall of the account."
            ),
            (Problem::Denied(reason), _) => write!(
                formatter,
                "denies access ({reason}). Check the key or the signature in AzureWebJobsStorage, that the storage account allows it, and the firewall of the account."
            ),
            (Problem::NoToken(reason), _) => write!(
                formatter,
                "can't be asked, since the identity gets no token ({reason}). Check AzureWebJobsStorage__clientId, or outside Azure your login (az login)."
            ),
            (Problem::NotFound(reason) | Problem::Failed(reason), Entry::File) => {
                write!(formatter, "can't be used ({reason}). Check DEAD_LETTERS and the rights on the folder.")
            }
            (Problem::NotFound(reason) | Problem::Failed(reason), _) => write!(
                formatter,
                "did not take a request ({reason}). Check the account in AzureWebJobsStorage and the container in DEAD_LETTERS."
            ),
        }
    }
}

impl Error for StoreError {}

#[cfg(test)]
mod tests;
