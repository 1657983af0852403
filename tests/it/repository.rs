//! The files of the repository, as tests read them.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder with host.json.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file's text.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file's JSON.
pub fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files in a folder with this ending, sorted.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    files.sort();
    files
}

/// The names of all settings that src/settings/names.rs reads.
pub fn setting_names() -> Vec<String> {
    let source = text("src/settings/names.rs");
    let constants = source.lines().filter_map(|line| line.strip_prefix("pub(super) const ")?.split_once(": &str = \""));
    let names: Vec<_> = constants.map(|(_, rest)| rest.trim_end_matches("\";").to_owned()).collect();
    assert!(names.len() >= 12, "src/settings/names.rs is written differently now: {names:?}");
    names
}

/// The text between the first `from` and the first `to` after it.
pub fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}
