//! The examples in `tests/fixtures`, and what makes notifications comparable with them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(format!("{name}.json"))
}

/// Whether there is an example of that name, which begins with its folder.
pub(crate) fn exists(name: &str) -> bool {
    path(name).exists()
}

pub(crate) fn example(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// Puts a placeholder for a member that differs from one time to the next, once it has the right form.
pub(crate) fn replace(value: &mut Value, name: &str, has_the_form: impl Fn(&str) -> bool) {
    if let Some(member) = value.get_mut(name) {
        let text = member.as_str().unwrap();
        assert!(has_the_form(text), "{name}: {text}");
        *member = json!(format!("some {name}"));
    }
}

/// The same for what the data of a notification has of that kind.
pub(crate) fn replace_in_data(data: &mut Value) {
    replace(data, "$etag", |text| text.strip_prefix("W/\"").is_some_and(|rest| is_uuid(rest.trim_end_matches('"'))));
    if let Some(metadata) = data.get_mut("$metadata").and_then(Value::as_object_mut) {
        metadata.values_mut().for_each(|entry| replace(entry, "lastUpdateTime", is_time));
    }
}

pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

pub(crate) fn is_time(text: &str) -> bool {
    text.len() == 28 && text.ends_with('Z') && text.as_bytes()[19] == b'.'
}

pub(crate) fn is_trace(text: &str) -> bool {
    text.split('-').map(str::len).eq([2, 32, 16, 2]) && text.starts_with("00-")
}
