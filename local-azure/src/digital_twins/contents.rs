//! What a twin and each of its components consist of: members as the model has them, and `$metadata` about them.

use serde_json::{Map, Value, json};

use super::{interface::Shape, timestamp};

pub(super) const METADATA: &str = "$metadata";
pub(super) const LAST_UPDATE_TIME: &str = "$lastUpdateTime";

/// The members of a twin or component: what is given, checked, and the metadata that goes with it.
///
/// Members whose name starts with `$` are the service's own and not taken over, but for each property's `sourceTime`.
pub(super) fn contents(
    shape: &Shape,
    mut given: Map<String, Value>,
    now: &str,
    place: &str,
    problems: &mut Vec<String>,
) -> Map<String, Value> {
    let given_metadata = given.shift_remove(METADATA).unwrap_or_default();
    let mut contents = Map::new();
    let mut metadata = Map::new();
    metadata.insert(LAST_UPDATE_TIME.to_owned(), json!(now));
    for name in shape.components.keys().filter(|name| !given.contains_key(*name)) {
        problems
            .push(format!("{place}/{name} is missing: a component must be there, if only as {{\"$metadata\":{{}}}}."));
    }
    for (name, value) in given {
        let place = format!("{place}/{name}");
        if name.starts_with('$') {
            continue;
        }
        if let Some(schema) = shape.properties.get(&name) {
            problems.extend(schema.check(&place, &value).err());
            let mut entry = json!({ "lastUpdateTime": now });
            let source_time = given_metadata.get(&name).and_then(|entry| entry.get("sourceTime"));
            if let Some(time) = source_time.filter(|time| !time.is_null()) {
                if !is_time(time) {
                    problems.push(format!("The sourceTime of {place} is no RFC 3339 time."));
                }
                entry["sourceTime"] = time.clone();
            }
            metadata.insert(name.clone(), entry);
            contents.insert(name, value);
        } else if let Some(component) = shape.components.get(&name) {
            match value {
                Value::Object(value) => {
                    let component = self::contents(component, value, now, &place, problems);
                    contents.insert(name, Value::Object(component));
                }
                _ => problems.push(format!("{place} is a component and must be an object.")),
            }
        } else {
            problems.push(format!("{place} is not in {}.", shape.model));
        }
    }
    contents.insert(METADATA.to_owned(), Value::Object(metadata));
    contents
}

/// The same twin or component with its `$metadata` at the end, as the API shows it.
pub(super) fn metadata_last(mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut()
        && let Some(metadata) = members.shift_remove(METADATA)
    {
        for component in members.values_mut().filter(|value| value.get(METADATA).is_some()) {
            *component = metadata_last(component.take());
        }
        members.insert(METADATA.to_owned(), metadata);
    }
    document
}

/// The same twin or component without `$lastUpdateTime`, which API version 2020-10-31 and notifications don't have.
pub(super) fn without_last_update_time(mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut() {
        if let Some(metadata) = members.get_mut(METADATA).and_then(Value::as_object_mut) {
            metadata.shift_remove(LAST_UPDATE_TIME);
        }
        for component in members.values_mut().filter(|value| value.get(METADATA).is_some()) {
            *component = without_last_update_time(component.take());
        }
    }
    document
}

pub(super) fn is_time(time: &Value) -> bool {
    time.as_str().is_some_and(timestamp::is_valid)
}
