//! From the `Outputs` of an answer to bytes of blobs.
//!
//! Only what a binding declares is looked at. The rules are those of the script host (`HttpScriptInvocationResultExtensions`,
//! `FunctionBinding.ConvertValueToStream`), oddities included: a text that happens to be base64 is decoded, a number is
//! written in binary, an object or array is written anew and not as the handler wrote it.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::answer::FunctionResult;
use super::blob_path::BlobName;
use super::function::Output;
use super::newtonsoft::Token;

/// The name of the binding that takes `ReturnValue`.
const RETURN: &str = "$return";

/// .NET's `Convert.FromBase64String` demands padding and doesn't mind bits that are left over.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// A blob to write.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) name: BlobName,
    pub(super) content: Vec<u8>,
}

/// The blobs that a result gives, in the order of the bindings.
pub(super) fn blobs(function: &str, outputs: &[Output], result: &FunctionResult) -> Result<Vec<Blob>, String> {
    let mut blobs = Vec::new();
    for output in outputs {
        let value = if output.name == RETURN { result.return_value.as_ref() } else { result.outputs.get(&output.name) };
        let Some(value) = value else { continue };
        let content =
            content(value, output.binary).map_err(|problem| format!("output {:?}: {problem}", output.name))?;
        // A stream to which nothing was written leaves no blob behind.
        if !content.is_empty() {
            blobs.push(Blob { name: output.path.evaluate(function)?, content });
        }
    }
    Ok(blobs)
}

/// The bytes that a value becomes; none for `null`.
fn content(value: &Token, binary: bool) -> Result<Vec<u8>, &'static str> {
    match value {
        Token::Null => Ok(Vec::new()),
        Token::String(text) if binary => Ok(text.as_bytes().to_vec()),
        Token::String(text) => Ok(decoded(text).unwrap_or_else(|| text.as_bytes().to_vec())),
        Token::Array(_) | Token::Object(_) => Ok(value.to_string().into_bytes()),
        Token::Bool(value) => Ok(vec![u8::from(*value)]),
        Token::Float(value) => Ok(value.to_le_bytes().to_vec()),
        Token::Integer(digits) => {
            let number: i64 = digits.parse().map_err(|_| "an integer beyond 64 bits can't be written")?;
            // The host cuts a long down to an int.
            Ok(number.to_le_bytes()[..4].to_vec())
        }
        Token::Date(_) => Err("a text that is a date, and nothing else, can't be written"),
    }
}

/// The bytes of a text that is base64, in which whitespace may stand anywhere.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|character| !matches!(character, ' ' | '\t' | '\r' | '\n')).collect();
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &str, binary: bool) -> Result<Vec<u8>, &'static str> {
        content(
            &super::super::newtonsoft::Reader::new(json, super::super::newtonsoft::Dates::Parsed).value().unwrap(),
            binary,
        )
    }

    #[test]
    fn texts_are_kept_unless_they_are_base64() {
        assert_eq!(written(r#""[{\"a\":1.10}]""#, false).unwrap(), br#"[{"a":1.10}]"#);
        assert_eq!(written(r#""YWJj""#, false).unwrap(), b"abc");
        assert_eq!(written(r#""YW\nJj""#, false).unwrap(), b"abc");
        assert_eq!(written(r#""YWJj""#, true).unwrap(), b"YWJj");
        assert_eq!(written(r#""YWJjZA""#, false).unwrap(), b"YWJjZA");
    }

    #[test]
    fn objects_and_arrays_are_written_anew() {
        let json = r#"[ {"a": 1.10, "t": "2021-12-09T20:28:52.9795363+02:00"} ]"#;
        assert_eq!(written(json, false).unwrap(), br#"[{"a":1.1,"t":"2021-12-09T18:28:52.9795363+00:00"}]"#);
    }

    #[test]
    fn bare_values_are_binary_or_fail() {
        assert_eq!(written("258", false).unwrap(), [2, 1, 0, 0]);
        assert_eq!(written("true", false).unwrap(), [1]);
        assert_eq!(written("1.5", false).unwrap(), 1.5_f64.to_le_bytes());
        assert!(written("null", false).unwrap().is_empty());
        assert!(written("12345678901234567890", false).is_err());
        assert!(written(r#""2021-12-09T20:28:52Z""#, false).is_err());
    }
}
