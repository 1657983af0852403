//! The counts that are kept in the repository, and of which toolchain they are.

use std::{collections::BTreeMap, env::consts::ARCH, fs, process::Command};

use serde::{Deserialize, Serialize};

/// How many percent a count may be off. Counts of one build differ by far less than one percent between runs (the keys
/// of hash maps) and by a few between machines (the C library picks its memcpy by processor).
pub(crate) const TOLERANCE: f64 = 5.0;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.json");

/// One pass of each part, by its name.
pub(crate) type Instructions = BTreeMap<String, u64>;

/// Another compiler makes other code, so that only counts of the same toolchain can be held against each other.
#[derive(Deserialize, Serialize)]
pub(crate) struct Baseline {
    pub(crate) toolchain: String,
    pub(crate) instructions: Instructions,
}

impl Baseline {
    pub(crate) fn read() -> Self {
        serde_json::from_str(&fs::read_to_string(FILE).unwrap()).unwrap()
    }

    pub(crate) fn write(&self) {
        fs::write(FILE, serde_json::to_string_pretty(self).unwrap() + "\n").unwrap();
    }
}

/// The compiler and the processor that are at work here.
pub(crate) fn toolchain() -> String {
    let version = Command::new("rustc").arg("--version").output().unwrap();
    format!("{} on {ARCH}", String::from_utf8_lossy(&version.stdout).trim())
}

#[cfg(test)]
mod tests {
    use parts::PARTS;

    use super::*;

    #[test]
    fn it_holds_the_parts_that_there_are() {
        let mut names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        names.sort_unstable();
        assert_eq!(Baseline::read().instructions.into_keys().collect::<Vec<_>>(), names);
    }
}
