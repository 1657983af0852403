//! `Data` of an invocation by messages of a broker, by cardinality and `dataType`; and `Metadata`, where what is told of
//! one message by its name is told of many as an array.
//!
//! | | one | many |
//! | --- | --- | --- |
//! | no `dataType` | text, as a string in a string | a string that holds an array of the bodies, parsed and written anew |
//! | `string` | the same | a string that holds an array of texts |
//! | `binary` | base64 | a string that holds an array of base64 |

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::envelope::{Data, Metadata, as_text};
use super::function::{Cardinality, DataType, MessageInput};
use super::newtonsoft::{Dates, Malformed, Moment, Token};

/// Something that is told of a message.
pub(super) enum Field<Message> {
    Value(fn(&Message) -> Token),
    /// A date, and the form in which it is written.
    Date(fn(&Message) -> Moment, fn(Moment) -> String),
}

/// Adds what is told of messages, in that order.
pub(super) fn describe<Message>(
    metadata: &mut Metadata,
    cardinality: Cardinality,
    fields: &[(&str, Field<Message>)],
    messages: &[Message],
) {
    for (name, field) in fields {
        match (cardinality, messages, field) {
            (Cardinality::One, [message], Field::Value(value)) => metadata.add(name, value(message)),
            (Cardinality::One, [message], Field::Date(date, written)) => {
                metadata.add_date(name, written(date(message).whole_seconds()));
            }
            (_, messages, Field::Value(value)) => {
                metadata.add(&format!("{name}Array"), Token::Array(messages.iter().map(value).collect()));
            }
            (_, messages, Field::Date(date, written)) => {
                let dates = messages.iter().map(|message| Token::String(written(date(message)))).collect();
                metadata.add(&format!("{name}Array"), Token::Array(dates));
            }
        }
    }
}

/// A body that can't be parsed: the invocation fails before the handler is asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotAnObject {
    #[error("Exception binding parameter: a body is no JSON: {0}")]
    Malformed(#[from] Malformed),
    #[error("Exception binding parameter: a body is no JSON object")]
    Other,
}

/// What the handler gets of messages with these bodies; `decode` makes a text of one.
pub(super) fn data(input: &MessageInput, bodies: &[&[u8]], decode: fn(&[u8]) -> String) -> Result<Data, NotAnObject> {
    let encode = |body: &&[u8]| Token::String(STANDARD.encode(body));
    let many = |items: Vec<Token>| Data { value: as_text(&Token::Array(items)), text: None };
    Ok(match (input.cardinality, input.data_type) {
        (Cardinality::One, DataType::Binary) => Data { value: bodies.first().map_or(Token::Null, encode), text: None },
        (Cardinality::One, DataType::Text | DataType::Unspecified) => {
            let text = decode(bodies.first().copied().unwrap_or_default());
            Data { value: as_text(&Token::String(text.clone())), text: Some(text) }
        }
        (Cardinality::Many, DataType::Binary) => many(bodies.iter().map(encode).collect()),
        (Cardinality::Many, DataType::Text) => many(bodies.iter().map(|body| Token::String(decode(body))).collect()),
        (Cardinality::Many, DataType::Unspecified) => {
            many(bodies.iter().map(|body| object(&decode(body))).collect::<Result<_, _>>()?)
        }
    })
}

fn object(text: &str) -> Result<Token, NotAnObject> {
    match Token::parse_with(text, Dates::Parsed)? {
        object @ Token::Object(_) => Ok(object),
        _ => Err(NotAnObject::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(cardinality: Cardinality, data_type: DataType, bodies: &[&[u8]]) -> Result<String, NotAnObject> {
        let input = MessageInput { name: "events".to_owned(), cardinality, data_type };
        data(&input, bodies, |body| String::from_utf8_lossy(body).into_owned()).map(|data| data.value.to_string())
    }

    #[test]
    fn bodies_become_what_the_binding_asks_for() {
        let body: &[u8] = br#"{"a": 1.10}"#;
        for (cardinality, data_type, expected) in [
            (Cardinality::One, DataType::Unspecified, r#""\"{\\\"a\\\": 1.10}\"""#),
            (Cardinality::One, DataType::Text, r#""\"{\\\"a\\\": 1.10}\"""#),
            (Cardinality::One, DataType::Binary, r#""eyJhIjogMS4xMH0=""#),
            (Cardinality::Many, DataType::Unspecified, r#""[{\"a\":1.1}]""#),
            (Cardinality::Many, DataType::Text, r#""[\"{\\\"a\\\": 1.10}\"]""#),
            (Cardinality::Many, DataType::Binary, r#""[\"eyJhIjogMS4xMH0=\"]""#),
        ] {
            assert_eq!(posted(cardinality, data_type, &[body]).unwrap(), expected, "{cardinality:?} {data_type:?}");
        }
    }

    #[test]
    fn one_body_that_is_no_object_fails_all_where_they_are_parsed() {
        let good: &[u8] = b"{}";
        for bad in [&b"x"[..], b"", b"[1]", b"{} {}"] {
            assert!(posted(Cardinality::Many, DataType::Unspecified, &[good, bad]).is_err());
            assert!(posted(Cardinality::Many, DataType::Text, &[good, bad]).is_ok());
        }
    }
}
