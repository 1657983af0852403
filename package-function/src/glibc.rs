//! Which glibc an executable needs: the highest symbol version that it asks of the C library.

use std::fmt;

use object::{
    Endianness,
    elf::FileHeader64,
    read::elf::{FileHeader, SectionTable},
};

/// The glibc of Debian 11, the oldest base of the Azure Functions images that is still in use.
pub const OLDEST: Version = Version { major: 2, minor: 31 };

/// A version of glibc. Symbols have versions like `GLIBC_2.2.5` too; what follows the minor version never matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The number before the first dot.
    pub major: u32,
    /// The number after it.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// Why an executable can't be packed.
#[derive(Debug)]
pub enum Error {
    /// It is no 64-bit ELF file.
    NotElf(object::Error),
    /// It needs a later glibc.
    TooNew(Version),
    /// It needs a feature of glibc that has a name and no version, such as `GLIBC_ABI_DT_RELR`, which came with 2.36.
    Feature(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotElf(error) => write!(formatter, "the executable is no 64-bit ELF file: {error}"),
            Self::TooNew(version) => {
                write!(formatter, "the executable needs glibc {version}, but may need at most {OLDEST}")
            }
            Self::Feature(name) => write!(formatter, "the executable needs {name}, which glibc {OLDEST} does not have"),
        }
    }
}

impl std::error::Error for Error {}

impl From<object::Error> for Error {
    fn from(error: object::Error) -> Self {
        Self::NotElf(error)
    }
}

/// The glibc that `executable` needs, if `limit` is enough for it.
pub fn check(executable: &[u8], limit: Version) -> Result<Version, Error> {
    let mut needed = Version { major: 2, minor: 0 };
    for name in symbol_versions(executable)? {
        let Some(version) = name.strip_prefix("GLIBC_") else { continue };
        needed = needed.max(parse(version).ok_or_else(|| Error::Feature(name.clone()))?);
    }
    if needed <= limit { Ok(needed) } else { Err(Error::TooNew(needed)) }
}

/// The names of the symbol versions that the executable asks of its libraries.
fn symbol_versions(executable: &[u8]) -> object::Result<Vec<String>> {
    let header = FileHeader64::<Endianness>::parse(executable)?;
    let endian = header.endian()?;
    let sections: SectionTable<'_, _> = header.sections(endian, executable)?;
    let mut found = Vec::new();
    let Some((mut libraries, strings)) = sections.gnu_verneed(endian, executable)? else { return Ok(found) };
    let strings = sections.strings(endian, executable, strings)?;
    while let Some((_, mut versions)) = libraries.next()? {
        while let Some(version) = versions.next()? {
            found.push(String::from_utf8_lossy(version.name(endian, strings)?).into_owned());
        }
    }
    Ok(found)
}

fn parse(version: &str) -> Option<Version> {
    let mut numbers = version.split('.').map(str::parse);
    Some(Version { major: numbers.next()?.ok()?, minor: numbers.next()?.ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(parse("2.4") < parse("2.31"));
        assert_eq!(parse("2.2.5"), Some(Version { major: 2, minor: 2 }));
        assert_eq!(parse("ABI_DT_RELR"), None);
    }

    #[test]
    fn what_is_no_executable_is_an_error() {
        assert!(matches!(check(b"#!/bin/sh", OLDEST), Err(Error::NotElf(_))));
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn the_limit_holds() {
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let needed = check(&this, Version { major: 3, minor: 0 }).unwrap();
        assert!(needed > Version { major: 2, minor: 2 }, "{needed}");
        assert_eq!(check(&this, needed).unwrap(), needed);
        let error = check(&this, Version { minor: needed.minor - 1, ..needed }).unwrap_err();
        assert!(matches!(error, Error::TooNew(version) if version == needed), "{error}");
    }
}
