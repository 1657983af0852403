//! What can be chosen.

use std::{fmt, path::PathBuf};

use url::Url;

use super::account::StorageAccount;

/// Where dead letters are kept. What is missing of it is made when the first one is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// In files of this folder.
    Folder(PathBuf),
    /// In blobs of a container.
    Container {
        /// Its name.
        name: ContainerName,
        /// Its account.
        account: StorageAccount,
    },
}

/// The name of a container, as the Blob service takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerName(String);

impl StoreConfig {
    /// The folder that a URL names: `file:///…`. `None` if it names none, or one that depends on where this runs.
    pub fn folder(url: &str) -> Option<Self> {
        // In a URL a relative path is taken for an absolute one, and a first segment too few for a host.
        let is_absolute = url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("file:///"));
        let url =
            Url::parse(url).ok().filter(|url| is_absolute && url.query().is_none() && url.fragment().is_none())?;
        url.to_file_path().ok().map(Self::Folder)
    }
}

impl ContainerName {
    /// `None` if containers can't be named so.
    pub fn parse(name: &str) -> Option<Self> {
        let of_these = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (3..=63).contains(&name.len())
            && name.bytes().all(of_these)
            && name.split('-').all(|word| !word.is_empty());
        is_name.then(|| Self(name.to_owned()))
    }
}

impl fmt::Display for ContainerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absolute_file_url_names_a_folder() {
        for (url, folder) in [
            ("file:///var/dead%20letters", Some("/var/dead letters")),
            ("FILE:///var", Some("/var")),
            ("file:dead-letters", None),
            ("file:./dead-letters", None),
            ("file://dead-letters", None),
            ("file://host/dead-letters", None),
            ("file:///var#dead", None),
            ("file:///var?dead", None),
            ("/var", None),
            ("https:///var", None),
            ("grün:///", None),
        ] {
            assert_eq!(StoreConfig::folder(url), folder.map(|folder| StoreConfig::Folder(folder.into())), "{url}");
        }
    }

    #[test]
    fn a_container_has_a_name_as_the_service_takes_it() {
        let long = "a".repeat(64);
        for (name, taken) in [
            ("dead-letter", true),
            ("0dl", true),
            (&long[1..], true),
            (&long, false),
            ("dl", false),
            ("Dead-Letter", false),
            ("dead--letter", false),
            ("-dead", false),
            ("dead-", false),
            ("dead/letter", false),
            ("$root", false),
        ] {
            assert_eq!(ContainerName::parse(name).is_some(), taken, "{name}");
        }
    }
}
