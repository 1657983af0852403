//! DTDL interfaces: what a model says of its twins, and what comes of it together with the models that it builds on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::schema::{Definitions, Schema};

/// An interface as it was written, before what it refers to is known.
#[derive(Debug)]
pub(super) struct Interface {
    pub(super) extends: Vec<String>,
    properties: HashMap<String, Schema>,
    /// The component's name and its interface.
    pub(super) components: HashMap<String, String>,
    relationships: HashMap<String, Link>,
}

/// What twins of a model look like, all that the model inherits included.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) model: String,
    /// The model itself and all that it extends.
    pub(super) kinds: HashSet<String>,
    pub(super) properties: HashMap<String, Schema>,
    pub(super) components: HashMap<String, Arc<Shape>>,
    pub(super) relationships: HashMap<String, Link>,
}

/// A relationship that twins of a model may have.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// The model that the target must have; any, if there is none.
    pub(super) target: Option<String>,
    pub(super) properties: HashMap<String, Schema>,
}

impl Interface {
    /// Reads an interface. The error is a sentence.
    pub(super) fn parse(interface: &Value) -> Result<Self, String> {
        let id = interface["@id"].as_str().unwrap_or_default();
        if !is_model_id(id) {
            return Err(format!("{id:?} is no model id: it must be like dtmi:example:Room;1."));
        }
        if !is_of_type(interface, "Interface") {
            return Err(format!("{id} has not the @type Interface."));
        }
        Self::parse_contents(interface).map_err(|problem| format!("{id}: {problem}"))
    }

    fn parse_contents(interface: &Value) -> Result<Self, String> {
        let definitions: Definitions<'_> =
            list(&interface["schemas"]).iter().filter_map(|schema| Some((schema["@id"].as_str()?, schema))).collect();
        let extends = list(&interface["extends"]).iter().map(|base| {
            let id = base.as_str().ok_or("extends must hold the ids of interfaces.")?;
            Ok(id.to_owned())
        });
        let mut parsed = Self {
            extends: extends.collect::<Result<_, String>>()?,
            properties: HashMap::new(),
            components: HashMap::new(),
            relationships: HashMap::new(),
        };
        let mut names = HashSet::new();
        for content in list(&interface["contents"]) {
            let name = content["name"].as_str().ok_or("A content has no name.")?;
            if !is_name(name) || !names.insert(name) {
                return Err(format!("{name:?} can't be the name of a content, or is there twice."));
            }
            parsed.add(name, content, &definitions).map_err(|problem| format!("{name}: {problem}"))?;
        }
        Ok(parsed)
    }

    fn add(&mut self, name: &str, content: &Value, definitions: &Definitions<'_>) -> Result<(), String> {
        if is_of_type(content, "Property") {
            self.properties.insert(name.to_owned(), Schema::parse(&content["schema"], definitions)?);
        } else if is_of_type(content, "Component") {
            let schema = content["schema"].as_str().filter(|id| is_model_id(id));
            let schema = schema.ok_or("The schema of a component must be the id of an interface.")?;
            self.components.insert(name.to_owned(), schema.to_owned());
        } else if is_of_type(content, "Relationship") {
            let properties = list(&content["properties"]).iter().map(|property| {
                let name = property["name"].as_str().ok_or("A property has no name.")?;
                Ok((name.to_owned(), Schema::parse(&property["schema"], definitions)?))
            });
            let properties = properties.collect::<Result<_, String>>()?;
            let target = content["target"].as_str().map(str::to_owned);
            self.relationships.insert(name.to_owned(), Link { target, properties });
        } else if !is_of_type(content, "Telemetry") && !is_of_type(content, "Command") {
            return Err("The @type must be Property, Component, Relationship, Telemetry or Command.".to_owned());
        }
        Ok(())
    }

    /// The interfaces without which this one can't be used.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = &String> {
        self.extends.iter().chain(self.components.values())
    }

    /// Adds what the interface inherits. `resolved` holds every dependency.
    pub(super) fn shape(&self, model: &str, resolved: &HashMap<String, Arc<Shape>>) -> Shape {
        let mut shape = Shape {
            model: model.to_owned(),
            kinds: HashSet::from([model.to_owned()]),
            properties: self.properties.clone(),
            components: HashMap::new(),
            relationships: self.relationships.clone(),
        };
        for (name, interface) in &self.components {
            shape.components.extend(resolved.get(interface).map(|component| (name.clone(), Arc::clone(component))));
        }
        for base in self.extends.iter().filter_map(|base| resolved.get(base)) {
            shape.kinds.extend(base.kinds.iter().cloned());
            for (name, schema) in &base.properties {
                shape.properties.entry(name.clone()).or_insert_with(|| schema.clone());
            }
            for (name, component) in &base.components {
                shape.components.entry(name.clone()).or_insert_with(|| Arc::clone(component));
            }
            for (name, link) in &base.relationships {
                shape.relationships.entry(name.clone()).or_insert_with(|| link.clone());
            }
        }
        shape
    }
}

/// `dtmi:` segments `;` version.
pub(super) fn is_model_id(id: &str) -> bool {
    let Some((path, version)) = id.strip_prefix("dtmi:").and_then(|rest| rest.split_once(';')) else { return false };
    let is_segment = |segment: &str| {
        segment.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    id.len() <= 2048 && path.split(':').all(is_segment) && version.splitn(2, '.').all(is_number)
}

/// Whether a model is in a version of DTDL that ADT takes.
pub(super) fn has_known_version(interface: &Value) -> bool {
    list(&interface["@context"])
        .iter()
        .any(|context| context == "dtmi:dtdl:context;2" || context == "dtmi:dtdl:context;3")
}

/// Letters, digits and underscores, as DTDL has it for everything that an interface contains.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_of_type(element: &Value, name: &str) -> bool {
    list(&element["@type"]).iter().any(|kind| kind == name)
}

/// JSON-LD writes a list of one without brackets.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(elements) => elements,
        single => std::slice::from_ref(single),
    }
}
