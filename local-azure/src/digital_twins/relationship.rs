//! A relationship: from the twin that has it to another, by a name that the model of the first one knows.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    error::Error,
    etag,
    interface::{Link, Shape},
    patch::{Patch, not_applicable},
    schema::Schema,
};

/// A relationship, kept as the JSON document that the API shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Relationship {
    document: Value,
}

impl Relationship {
    /// The target that the body of a request names.
    pub(super) fn target_of(body: &Value) -> Result<&str, Error> {
        let missing = || Error::InvalidArgument("The relationship has no $targetId.".to_owned());
        body["$targetId"].as_str().ok_or_else(missing)
    }

    /// Makes a relationship from the body of a request.
    pub(super) fn new(source: &str, id: &str, body: Value, shape: &Shape, target: &Shape) -> Result<Self, Error> {
        let target_id = Self::target_of(&body)?.to_owned();
        let Value::Object(mut body) = body else {
            return Err(Error::InvalidArgument("The relationship is no JSON object.".to_owned()));
        };
        let Some(Value::String(name)) = body.shift_remove("$relationshipName") else {
            return Err(Error::InvalidArgument("The relationship has no $relationshipName.".to_owned()));
        };
        let link = link(shape, &name)?;
        if let Some(kind) = link.target.as_ref().filter(|kind| !target.kinds.contains(*kind)) {
            return Err(Error::InvalidRelationship(format!(
                "The relationship {name} must lead to a twin of {kind}, and {target_id} is one of {}.",
                target.model
            )));
        }
        let mut document = Map::new();
        document.insert("$relationshipId".to_owned(), json!(id));
        document.insert("$etag".to_owned(), json!(etag::new()));
        document.insert("$sourceId".to_owned(), json!(source));
        document.insert("$relationshipName".to_owned(), json!(name));
        document.insert("$targetId".to_owned(), json!(target_id));
        let mut problems = Vec::new();
        for (name, value) in body.into_iter().filter(|(name, _)| !name.starts_with('$')) {
            problems
                .extend(check(&link.properties, std::slice::from_ref(&name), &format!("/{name}"), Some(&value)).err());
            document.insert(name, value);
        }
        if !problems.is_empty() {
            return Err(Error::relationship_invalid(problems));
        }
        Ok(Self { document: Value::Object(document) })
    }

    /// The relationship after a patch: all of it or an error. What it is and where it leads can't be patched.
    pub(super) fn patched(&self, patch: &Patch, shape: &Shape) -> Result<Self, Error> {
        let link = link(shape, self.name())?;
        let mut operations = Vec::new();
        let mut problems = Vec::new();
        for operation in &patch.0 {
            if operation.names.first().is_some_and(|name| name.starts_with('$')) {
                return Err(Error::JsonPatchInvalid(format!("The path {} can't be patched.", operation.path)));
            }
            // Removing what isn't there is the patch's fault, whatever the model says.
            let value = operation.value();
            if let Some(problem) = check(&link.properties, &operation.names, operation.path.as_str(), value).err()
                && value.is_some()
            {
                problems.push(problem);
            }
            operations.push(operation.to_json_patch(None));
        }
        if !problems.is_empty() {
            return Err(Error::relationship_invalid(problems));
        }
        let mut relationship = self.clone();
        // Not atomic, which it need not be: a copy that is half patched is thrown away.
        json_patch::patch_unsafe(&mut relationship.document, &operations).map_err(|error| not_applicable(&error))?;
        relationship.document["$etag"] = json!(etag::new());
        Ok(relationship)
    }

    pub(super) fn etag(&self) -> &str {
        self.text("$etag")
    }

    pub(super) fn name(&self) -> &str {
        self.text("$relationshipName")
    }

    pub(super) fn target(&self) -> &str {
        self.text("$targetId")
    }

    /// The relationship as the API shows it.
    pub(super) fn shown(&self) -> &Value {
        &self.document
    }

    /// The relationship as the list of those that lead to a twin shows it.
    pub(super) fn shown_as_incoming(&self) -> Value {
        let (source, id) = (self.text("$sourceId"), self.text("$relationshipId"));
        json!({
            "$relationshipId": id,
            "$sourceId": source,
            "$relationshipName": self.name(),
            "$relationshipLink": format!("/digitaltwins/{source}/relationships/{id}"),
        })
    }

    /// The relationship as notifications have it: without its source, which is in their subject.
    pub(super) fn notified(&self) -> Value {
        let mut document = self.document.clone();
        if let Some(members) = document.as_object_mut() {
            members.shift_remove("$sourceId");
        }
        document
    }

    fn text(&self, name: &str) -> &str {
        self.document[name].as_str().unwrap_or_default()
    }
}

fn link<'a>(shape: &'a Shape, name: &str) -> Result<&'a Link, Error> {
    let unknown = || Error::InvalidRelationship(format!("{} has no relationship named {name}.", shape.model));
    shape.relationships.get(name).ok_or_else(unknown)
}

fn check(
    properties: &HashMap<String, Schema>,
    names: &[String],
    place: &str,
    value: Option<&Value>,
) -> Result<(), String> {
    let schema = names.split_first().and_then(|(name, rest)| properties.get(name)?.at(rest));
    let schema = schema.ok_or_else(|| format!("{place} is no property of the relationship in the model."))?;
    value.map_or(Ok(()), |value| schema.check(place, value))
}
