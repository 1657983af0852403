//! Where blobs go: to the account in `AzureWebJobsStorage` (Azurite), else to a folder.

use local_azure::functions_host::Storage;

use crate::cargo;

pub(crate) fn storage() -> Storage {
    match std::env::var("AzureWebJobsStorage") {
        Ok(account) if !account.is_empty() => Storage::Account(account),
        _ => Storage::Folder(cargo::root().join("target/local-azure")),
    }
}

/// Where dead letters are found, for people.
pub(crate) fn dead_letters() -> &'static str {
    match storage() {
        Storage::Account(_) => "container dead-letter of AzureWebJobsStorage",
        Storage::Folder(_) => "target/local-azure/dead-letter",
    }
}
