//! What the host makes of a handler's answer, before it looks at the outputs.
//!
//! Success is a 2xx status with a JSON media type and an object of `Outputs`, `Logs` and `ReturnValue`, all optional,
//! in any case. Text behind the object is ignored. A body that is `null` or nothing is the trap: the host waits for a
//! result that never comes, until the function times out (`DefaultHttpWorkerService` has no branch for it).

use axum::http::{HeaderMap, StatusCode, header};

use super::newtonsoft::{Dates, Malformed, Members, Reader, Token};

/// An answer that isn't a failure.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// The function is done.
    Done(FunctionResult),
    /// The body is `null` or nothing: the invocation never ends.
    Never,
}

/// The members of an answer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct FunctionResult {
    pub(super) outputs: Members,
    pub(super) logs: Vec<String>,
    pub(super) return_value: Option<Token>,
}

/// Why an answer fails the invocation. Its `Outputs` and `Logs` are dropped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "Response status code does not indicate success: {} ({}).",
        .0.as_u16(),
        .0.canonical_reason().unwrap_or_default()
    )]
    Status(StatusCode),
    #[error("Invalid HttpResponseMessage: content type {0:?} is not JSON")]
    MediaType(String),
    #[error("Invalid HttpResponseMessage: {0}")]
    Malformed(#[from] Malformed),
    #[error("Invalid HttpResponseMessage: {0}")]
    Shape(&'static str),
}

/// Judges an answer.
pub(super) fn judge(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Answer, Refusal> {
    if !status.is_success() {
        return Err(Refusal::Status(status));
    }
    let media_type = media_type(headers);
    if body.is_empty() {
        return Ok(Answer::Never);
    }
    if !matches!(media_type.as_str(), "application/json" | "text/json") {
        return Err(Refusal::MediaType(media_type));
    }
    let text = String::from_utf8_lossy(body);
    if text.trim().is_empty() {
        return Ok(Answer::Never);
    }
    match Reader::new(&text, Dates::Parsed).value()? {
        Token::Null => Ok(Answer::Never),
        Token::Object(members) => FunctionResult::from_members(members).map(Answer::Done),
        _ => Err(Refusal::Shape("the body is no object")),
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_lowercase()
}

impl FunctionResult {
    fn from_members(members: Members) -> Result<Self, Refusal> {
        let mut result = Self::default();
        for (name, value) in members {
            match (name.to_lowercase().as_str(), value) {
                ("outputs", Token::Object(outputs)) => result.outputs = outputs,
                ("outputs", Token::Null) => result.outputs = Members::new(),
                ("outputs", _) => return Err(Refusal::Shape("Outputs is no object")),
                ("logs", Token::Array(logs)) => result.logs = logs.iter().map(log_line).collect::<Result<_, _>>()?,
                ("logs", Token::Null) => result.logs = Vec::new(),
                ("logs", _) => return Err(Refusal::Shape("Logs is no array")),
                ("returnvalue", value) => result.return_value = Some(value),
                _ => {}
            }
        }
        Ok(result)
    }
}

/// `Logs` is a list of strings; what can be converted into one is.
fn log_line(token: &Token) -> Result<String, Refusal> {
    match token {
        Token::Null => Ok(String::new()),
        Token::String(text) | Token::Date(text) => Ok(text.clone()),
        Token::Bool(_) | Token::Integer(_) | Token::Float(_) => Ok(token.to_string()),
        Token::Array(_) | Token::Object(_) => Err(Refusal::Shape("an array or object among the Logs")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(content_type: &str, body: &str) -> Result<Answer, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        judge(StatusCode::OK, &headers, body.as_bytes())
    }

    #[test]
    fn nothing_and_null_never_end() {
        for body in ["", " ", "null", " null x"] {
            assert_eq!(judged("application/json", body).unwrap(), Answer::Never, "{body:?}");
        }
        assert_eq!(judge(StatusCode::NO_CONTENT, &HeaderMap::new(), b"").unwrap(), Answer::Never);
    }

    #[test]
    fn members_are_known_in_any_case_and_others_are_ignored() {
        let body = r#"{"OUTPUTS":{"a":1},"logs":["x",5,null,true],"returnValue":2,"more":[{}]} behind"#;
        let Answer::Done(result) = judged("text/json; charset=utf-8", body).unwrap() else { panic!("never ends") };
        assert_eq!(Token::Object(result.outputs).to_string(), r#"{"a":1}"#);
        assert_eq!(result.logs, ["x", "5", "", "true"]);
        assert_eq!(result.return_value, Some(Token::Integer("2".to_owned())));
    }

    #[test]
    fn other_shapes_fail() {
        for body in ["[]", "5", "{", r#"{"Outputs":[]}"#, r#"{"Logs":"x"}"#, r#"{"Logs":[[]]}"#] {
            assert!(judged("application/json", body).is_err(), "{body}");
        }
        for content_type in ["text/plain", "application/problem+json", "application/octet-stream"] {
            assert!(judged(content_type, "{}").is_err(), "{content_type}");
        }
    }
}
