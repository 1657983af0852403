//! The webhook: Event Grid's own request, which the Functions host forwards as it came.
//!
//! Source: learn.microsoft.com, "Webhook event delivery" and "CloudEvents v1.0 schema with Event Grid"; the handshake of
//! `CloudEvents` is "HTTP 1.1 Web Hooks for Event Delivery" (cloudevents/spec). Neither `validationUrl` nor
//! `WebHook-Request-Callback` is ever called: the answer says all.

use axum::http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use crate::delivery::Delivery;

/// What a request of Event Grid is about: `aeg-event-type`, whose values are told apart in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Events. Also where the header is missing, as from other senders of `CloudEvents`.
    Notification,
    /// Whether we want the subscription's events.
    Validation,
    /// The subscription is gone.
    Farewell,
}

impl Purpose {
    /// The purpose of a request with these headers.
    pub fn of(headers: &HeaderMap) -> Self {
        let event_type = headers.get("aeg-event-type").map(HeaderValue::as_bytes).unwrap_or_default();
        let is = |value: &str| event_type.eq_ignore_ascii_case(value.as_bytes());
        if is("SubscriptionValidation") {
            Self::Validation
        } else if is("SubscriptionDeletion") || is("Unsubscribe") {
            Self::Farewell
        } else {
            Self::Notification
        }
    }
}

/// The code that the answer to a validation has to repeat; `None` where there is none in the one event that it holds.
pub fn validation_code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Event {
        data: Data,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Data {
        validation_code: String,
    }

    let [event] = serde_json::from_slice::<[Event; 1]>(without_mark(body)).ok()?;
    Some(event.data.validation_code)
}

/// The delivery in a body; `None` where it is no UTF-8.
pub fn delivery(body: Vec<u8>) -> Option<Delivery> {
    let text = String::from_utf8(body).ok()?;
    let events = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Some(Delivery { events, ..Delivery::default() })
}

/// Without the mark that some put before UTF-8.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purpose(event_type: Option<&'static str>) -> Purpose {
        let header = event_type.map(|value| ("aeg-event-type".parse().unwrap(), HeaderValue::from_static(value)));
        Purpose::of(&header.into_iter().collect())
    }

    #[test]
    fn a_purpose_is_told_in_any_case() {
        assert_eq!(purpose(Some("subscriptionVALIDATION")), Purpose::Validation);
        assert_eq!(purpose(Some("SubscriptionDeletion")), Purpose::Farewell);
        assert_eq!(purpose(Some("Unsubscribe")), Purpose::Farewell);
        for notification in [Some("Notification"), Some("something new"), None] {
            assert_eq!(purpose(notification), Purpose::Notification);
        }
    }

    #[test]
    fn a_validation_code_is_found_where_event_grid_puts_it() {
        let body = r#"[{"id":"v","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"512d38b6","validationUrl":"https://never.called"}}]"#;
        assert_eq!(validation_code(body.as_bytes()).as_deref(), Some("512d38b6"));
        assert_eq!(validation_code(format!("\u{feff}{body}").as_bytes()).as_deref(), Some("512d38b6"));
        for other in ["", "[]", "{}", r#"[{"data":{}}]"#, r#"[{"data":{"validationCode":1}}]"#] {
            assert_eq!(validation_code(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_text_has_no_mark_and_is_utf_8() {
        assert_eq!(delivery("\u{feff}[]".into()).unwrap().events, "[]");
        assert_eq!(delivery(b"[\"\xff\"]".to_vec()), None);
    }
}
