//! Where dead letters go. What is the host's own is taken as the host takes it (Azure SDK for .NET,
//! `StorageClientProvider`), so that both use one account: a connection string before an identity, the name of an account
//! before an address.

use super::{
    names::{
        AZURE_CLIENT_ID, DEAD_LETTERS, IDENTITY_ENDPOINT, STORAGE, STORAGE_ACCOUNT, STORAGE_BLOBS, STORAGE_CLIENT_ID,
    },
    reader::Reader,
};
use crate::dead_letters::{ContainerName, StorageAccess, StorageAccount, StoreConfig};

/// Where an operator who knows nothing of it looks: Event Grid's own go there too.
const DEFAULT_CONTAINER: &str = "dead-letter";

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// `None` if there is no place, or no right one.
    pub(super) fn dead_letters(&mut self) -> Option<StoreConfig> {
        let place = self.get(DEAD_LETTERS);
        if let Some(folder) = place.as_deref().and_then(StoreConfig::folder) {
            return Some(folder);
        }
        let name = ContainerName::parse(place.as_deref().unwrap_or(DEFAULT_CONTAINER));
        let has_account = [STORAGE, STORAGE_ACCOUNT, STORAGE_BLOBS].iter().any(|name| self.get(name).is_some());
        if name.is_none() {
            self.mistake(format!(
                "{DEAD_LETTERS} must be the name of a container (3 to 63 lower-case letters, digits and single hyphens) or the URL of a folder, file:///path/to/folder."
            ));
        } else if place.is_some() && !has_account {
            self.mistake(format!(
                "{DEAD_LETTERS} names a container: set {STORAGE} or {STORAGE_ACCOUNT} to its account."
            ));
        }
        let account = self.account();
        Some(StoreConfig::Container { name: name?, account: account? })
    }

    /// `None` only with a mistake.
    pub(super) fn required_dead_letters(&mut self) -> Option<StoreConfig> {
        if [DEAD_LETTERS, STORAGE, STORAGE_ACCOUNT, STORAGE_BLOBS].iter().all(|name| self.get(name).is_none()) {
            self.mistake(format!(
                "Set {STORAGE_ACCOUNT} to the name of the storage account with the dead letters (identity), {STORAGE} to its connection string, or {DEAD_LETTERS} to the URL of a folder, file:///path/to/folder; or name files."
            ));
        }
        self.dead_letters()
    }

    fn account(&mut self) -> Option<StorageAccount> {
        if let Some(text) = self.get(STORAGE) {
            let account = StorageAccount::parse(&text);
            return account.map_err(|problem| self.mistake(format!("{STORAGE} {problem}."))).ok();
        }
        if let Some(name) = self.get(STORAGE_ACCOUNT) {
            let account = StorageAccount::named(&name, self.storage_identity());
            if account.is_none() {
                self.mistake(format!(
                    "{STORAGE_ACCOUNT} must be the name of a storage account: 3 to 24 lower-case letters and digits."
                ));
            }
            return account;
        }
        let address = self.get(STORAGE_BLOBS)?;
        let account = StorageAccount::at(&address, self.storage_identity());
        if account.is_none() {
            self.mistake(format!("{STORAGE_BLOBS} must be an address like https://contoso.blob.core.windows.net."));
        }
        account
    }

    fn storage_identity(&self) -> StorageAccess {
        if self.get(IDENTITY_ENDPOINT).is_none() {
            return StorageAccess::DeveloperLogin;
        }
        let client_id = self.get(STORAGE_CLIENT_ID).or_else(|| self.get(AZURE_CLIENT_ID));
        StorageAccess::ManagedIdentity { client_id }
    }
}

#[cfg(test)]
mod tests;
