//! What a filter says, and whether that is true of a notification.

use std::cmp::Ordering;

use serde_json::Value;

use crate::digital_twins::notification::Notification;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Constant(bool),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Compare(Operand, Comparison, Operand),
    Call(Function, Operand, Operand),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Attribute(Attribute),
    /// A property of the payload, by the names on the way to it.
    Body(Vec<String>),
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    Type,
    Source,
    Subject,
    Id,
    DataSchema,
    DataContentType,
    SpecVersion,
}

/// What an operand stands for in one notification. Borrowed: nothing is copied to compare it.
#[derive(Clone, Copy, PartialEq)]
enum Meaning<'a> {
    Text(&'a str),
    Number(f64),
    Bool(bool),
    Null,
    /// An object or array, which equals nothing.
    Structure,
}

impl Expression {
    /// Whether it is true of a notification.
    pub(super) fn holds(&self, notification: &Notification) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Not(expression) => !expression.holds(notification),
            Self::All(expressions) => expressions.iter().all(|expression| expression.holds(notification)),
            Self::Any(expressions) => expressions.iter().any(|expression| expression.holds(notification)),
            Self::Compare(left, comparison, right) => comparison.holds(left.of(notification), right.of(notification)),
            Self::Call(function, text, part) => match (text.of(notification), part.of(notification)) {
                (Meaning::Text(text), Meaning::Text(part)) => function.holds(text, part),
                _ => false,
            },
        }
    }
}

impl Comparison {
    fn holds(self, left: Meaning<'_>, right: Meaning<'_>) -> bool {
        let order = match (left, right) {
            (Meaning::Text(left), Meaning::Text(right)) => Some(left.cmp(right)),
            (Meaning::Number(left), Meaning::Number(right)) => left.partial_cmp(&right),
            (Meaning::Bool(left), Meaning::Bool(right)) if left == right => Some(Ordering::Equal),
            (Meaning::Null, Meaning::Null) => Some(Ordering::Equal),
            _ => None,
        };
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

impl Function {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
            Self::Contains => text.contains(part),
        }
    }
}

impl Operand {
    fn of<'a>(&'a self, notification: &'a Notification) -> Meaning<'a> {
        match self {
            Self::Attribute(attribute) => attribute.of(notification).map_or(Meaning::Null, Meaning::Text),
            Self::Body(names) => {
                let property = names.iter().try_fold(&notification.data, |value, name| value.as_object()?.get(name));
                property.map_or(Meaning::Null, Meaning::of_json)
            }
            Self::Text(text) => Meaning::Text(text),
            Self::Number(number) => Meaning::Number(*number),
            Self::Bool(value) => Meaning::Bool(*value),
            Self::Null => Meaning::Null,
        }
    }
}

impl<'a> Meaning<'a> {
    fn of_json(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => number.as_f64().map_or(Self::Structure, Self::Number),
            Value::String(text) => Self::Text(text),
            Value::Array(_) | Value::Object(_) => Self::Structure,
        }
    }
}

impl Attribute {
    fn of(self, notification: &Notification) -> Option<&str> {
        match self {
            Self::Type => Some(notification.kind.name()),
            Self::Source => Some(&notification.source),
            Self::Subject => notification.subject.as_deref(),
            Self::Id => Some(&notification.id),
            Self::DataSchema => notification.data_schema.as_deref(),
            Self::DataContentType => Some(notification.content_type()),
            Self::SpecVersion => Some("1.0"),
        }
    }
}
