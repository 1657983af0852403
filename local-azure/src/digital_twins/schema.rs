//! The schemas of DTDL: which values a property may have.
//!
//! From the DTDL v2 and v3 specifications (`Azure/opendigitaltwins-dtdl`). Of dates, durations and times only the type
//! is checked, of geospatial values nothing but that they are objects.

use std::collections::HashMap;

use serde_json::Value;

use super::timestamp;

/// How deep schemas may nest: DTDL allows 5 (v2) and 8 (v3).
const MAX_DEPTH: usize = 8;

/// What values are allowed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Schema {
    Boolean,
    /// A whole number between these bounds.
    Integer(i64, i64),
    Double,
    String,
    DateTime,
    Geospatial,
    Enum(Vec<Value>),
    Array(Box<Schema>),
    Map(Box<Schema>),
    Object(HashMap<String, Schema>),
}

/// The schemas that an interface defines to be used by their id.
pub(super) type Definitions<'a> = HashMap<&'a str, &'a Value>;

impl Schema {
    /// Reads a schema. The error is a sentence.
    pub(super) fn parse(schema: &Value, definitions: &Definitions<'_>) -> Result<Self, String> {
        Self::parse_at(schema, definitions, 0)
    }

    fn parse_at(schema: &Value, definitions: &Definitions<'_>, depth: usize) -> Result<Self, String> {
        if depth > MAX_DEPTH {
            return Err(format!("A schema nests deeper than {MAX_DEPTH} levels."));
        }
        let nested = |schema: Option<&Value>| {
            let schema = schema.ok_or("A schema lacks the schema of what it holds.")?;
            Self::parse_at(schema, definitions, depth + 1)
        };
        if let Some(term) = schema.as_str() {
            return match definitions.get(term) {
                Some(definition) => Self::parse_at(definition, definitions, depth + 1),
                None => Self::primitive(term),
            };
        }
        match schema["@type"].as_str() {
            Some("Enum") => {
                let values = schema["enumValues"].as_array().ok_or("An Enum has no enumValues.")?;
                Ok(Self::Enum(values.iter().map(|value| value["enumValue"].clone()).collect()))
            }
            Some("Array") => Ok(Self::Array(Box::new(nested(schema.get("elementSchema"))?))),
            Some("Map") => Ok(Self::Map(Box::new(nested(schema["mapValue"].get("schema"))?))),
            Some("Object") => {
                let fields = schema["fields"].as_array().ok_or("An Object has no fields.")?;
                let fields = fields.iter().map(|field| {
                    let name = field["name"].as_str().ok_or("A field of an Object has no name.")?;
                    Ok((name.to_owned(), nested(field.get("schema"))?))
                });
                Ok(Self::Object(fields.collect::<Result<_, String>>()?))
            }
            _ => Err(format!("{schema} is no schema: use a DTDL term, or an Array, Enum, Map or Object.")),
        }
    }

    fn primitive(term: &str) -> Result<Self, String> {
        Ok(match term {
            "boolean" => Self::Boolean,
            "integer" => Self::Integer(i64::from(i32::MIN), i64::from(i32::MAX)),
            "long" => Self::Integer(i64::MIN, i64::MAX),
            "double" | "float" => Self::Double,
            "dateTime" => Self::DateTime,
            "string" | "date" | "time" | "duration" => Self::String,
            "point" | "lineString" | "polygon" | "multiPoint" | "multiLineString" | "multiPolygon" => Self::Geospatial,
            _ => return Err(format!("{term:?} is neither a term of DTDL nor a schema that the interface defines.")),
        })
    }

    /// The schema of what a path inside a value leads to; `None` if there is no such place.
    pub(super) fn at(&self, path: &[String]) -> Option<&Self> {
        let Some((name, rest)) = path.split_first() else { return Some(self) };
        let inner = match self {
            Self::Object(fields) => fields.get(name)?,
            Self::Map(schema) | Self::Array(schema) => schema,
            _ => return None,
        };
        inner.at(rest)
    }

    /// Checks a value. The error is a sentence that names the place.
    pub(super) fn check(&self, place: &str, value: &Value) -> Result<(), String> {
        let fits = match (self, value) {
            (Self::Boolean, Value::Bool(_))
            | (Self::Double, Value::Number(_))
            | (Self::String, Value::String(_))
            | (Self::Geospatial, Value::Object(_)) => true,
            (Self::Integer(least, greatest), Value::Number(number)) => {
                number.as_i64().is_some_and(|number| (*least..=*greatest).contains(&number))
            }
            (Self::DateTime, Value::String(text)) => timestamp::is_valid(text),
            (Self::Enum(values), value) => values.contains(value),
            (Self::Array(schema), Value::Array(elements)) => {
                return elements.iter().try_for_each(|element| schema.check(place, element));
            }
            (Self::Map(schema), Value::Object(entries)) => {
                return entries.iter().try_for_each(|(name, value)| schema.check(&format!("{place}/{name}"), value));
            }
            (Self::Object(fields), Value::Object(members)) => {
                return members.iter().try_for_each(|(name, value)| match fields.get(name) {
                    Some(schema) => schema.check(&format!("{place}/{name}"), value),
                    None => Err(format!("{place} has no field {name} in the model.")),
                });
            }
            _ => false,
        };
        if fits { Ok(()) } else { Err(format!("{place} can't have the value {value}: it must be {}.", self.name())) }
    }

    fn name(&self) -> String {
        match self {
            Self::Boolean => "a boolean".to_owned(),
            Self::Integer(least, greatest) => format!("a whole number from {least} to {greatest}"),
            Self::Double => "a number".to_owned(),
            Self::String => "a string".to_owned(),
            Self::DateTime => "an RFC 3339 time".to_owned(),
            Self::Geospatial => "a GeoJSON object".to_owned(),
            Self::Enum(values) => format!("one of {}", Value::from(values.clone())),
            Self::Array(_) => "an array".to_owned(),
            Self::Map(_) | Self::Object(_) => "an object".to_owned(),
        }
    }
}
