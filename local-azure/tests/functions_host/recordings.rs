//! Replays of what a real host did: deliveries with what it posted, answers with what it made of them, calls to its
//! webhook.
//!
//! Aside from ids, the time and the port, everything must be the same to the byte, with one exception: the recorded
//! extension re-wrote dates, so those are compared as instants.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use local_azure::functions_host::{FunctionsHost, Handler};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::{Answer, App, FakeHandler, Posted, call, deliver, read_json};

/// `tests/fixtures/recordings/README.md` says where they are from.
const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/recordings");

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn headers(value: &Value) -> Vec<(String, String)> {
    let members = value["headers"].as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn status(value: &Value) -> u64 {
    value["status"].as_u64().unwrap()
}

#[tokio::test]
async fn what_is_posted_is_what_the_host_posted() {
    let mut replayed = 0;
    for entry in std::fs::read_dir(RECORDINGS).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let trigger = match name.rsplit('.').nth(1) {
            Some("many") => "events",
            Some("one") => "event",
            _ => continue,
        };
        replay_delivery(&name, trigger, &read_json(&entry.path())).await;
        replayed += 1;
    }
    assert!(replayed > 0, "the folder holds no recorded delivery");
}

async fn replay_delivery(name: &str, trigger: &str, recording: &Value) {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = App::new(trigger, Some(text(recording, "cardinality")));
    let host = FunctionsHost::start(app.config(Handler::Listening(handler.address))).await.unwrap();

    let delivered = &recording["delivered"];
    let reply =
        call(&host.webhook_url("function"), "POST", &headers(delivered), text(delivered, "body")).await.unwrap();
    assert_eq!(u64::from(reply.status), status(&recording["answered"]), "{name}");
    assert_eq!(reply.body, text(&recording["answered"], "body"), "{name}");

    let posted = handler.take_posted();
    let recorded = recording["posted"].as_array().unwrap();
    assert_eq!(posted.len(), recorded.len(), "{name}");
    for (posted, recorded) in posted.iter().zip(recorded) {
        assert_eq!(posted.method.as_str(), text(recorded, "method"), "{name}");
        assert_eq!(posted.path, text(recorded, "path"), "{name}");
        assert_eq!(posted_headers(posted), recorded_headers(recorded), "{name}");
        assert_eq!(comparable(&posted.body), comparable(text(recorded, "body")), "{name}");
    }
}

fn posted_headers(posted: &Posted) -> Vec<(String, String)> {
    let headers = posted.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    comparable_headers(headers.collect())
}

fn recorded_headers(recorded: &Value) -> Vec<(String, String)> {
    comparable_headers(headers(recorded))
}

fn comparable_headers(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut headers: Vec<_> = headers
        .into_iter()
        .map(|(name, value)| match name.to_lowercase() {
            name if name == "host" || name == "x-azure-functions-invocationid" => (name, "any".to_owned()),
            name => (name, value),
        })
        .collect();
    headers.sort();
    headers
}

/// A body without the values of one run, and with every instant in one form.
fn comparable(body: &str) -> String {
    let mut comparable = String::new();
    let mut rest = body;
    while let Some((at, end)) = next_time(rest) {
        comparable.push_str(&rest[..at]);
        match OffsetDateTime::parse(&rest[at..end], &Rfc3339) {
            Ok(time) => write!(comparable, "<{}>", time.unix_timestamp_nanos()).unwrap(),
            Err(_) => comparable.push_str(&rest[at..end]),
        }
        rest = &rest[end..];
    }
    comparable.push_str(rest);
    for (before, length) in [(r#""UtcNow":"<"#, None), (r#""RandGuid":""#, Some(36))] {
        if let Some(at) = comparable.find(before).map(|at| at + before.len()) {
            let length = length.or_else(|| comparable[at..].find('>')).unwrap();
            comparable.replace_range(at..at + length, "any");
        }
    }
    comparable
}

/// Where the next text of the form `dddd-dd-ddTdd…` begins and ends.
fn next_time(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let pattern = b"dddd-dd-ddTdd:dd:dd";
    let at = bytes.windows(pattern.len()).position(|window| {
        window.iter().zip(pattern).all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form })
    })?;
    let tail = bytes[at + pattern.len()..].iter();
    let length = tail.take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b':' | b'+' | b'-' | b'Z')).count();
    Some((at, at + pattern.len() + length))
}

#[tokio::test]
async fn every_answer_is_taken_as_the_host_took_it() {
    let cases = read_json(&Path::new(RECORDINGS).join("answers.json"));
    for case in cases.as_array().unwrap() {
        replay_answer(text(case, "case"), case).await;
    }
    assert!(!cases.as_array().unwrap().is_empty());
}

async fn replay_answer(name: &str, case: &Value) {
    let answer = &case["handlerAnswers"];
    let (_handler, address) = if answer["drop"] == true {
        (None, FakeHandler::that_hangs_up().await)
    } else {
        let status = u16::try_from(status(answer)).unwrap();
        let body = text(answer, "body").to_owned();
        let handler = FakeHandler::start(Answer { status, headers: headers(answer), body }).await;
        let address = handler.address;
        (Some(handler), address)
    };
    let app = App::new("events", Some("many"));
    let mut config = app.config(Handler::Listening(address));
    // The host was waited for 12 s. Here the timeout shows that there was no answer before it.
    let never = case["hostAnswers"].is_string();
    let timeout = Duration::from_millis(300);
    config.timeouts.function = never.then_some(timeout);
    let host = FunctionsHost::start(config).await.unwrap();

    let start = Instant::now();
    let reply = deliver(&host, "[{}]").await;
    if never {
        assert!(start.elapsed() >= timeout, "{name}");
        assert!(reply.body.starts_with("Timeout value of"), "{name}: {}", reply.body);
    } else {
        assert_eq!(u64::from(reply.status), status(&case["hostAnswers"]), "{name}");
        assert_eq!(reply.body, text(&case["hostAnswers"], "body"), "{name}");
    }
    let blobs: Vec<_> = app.blobs().into_values().map(|blob| String::from_utf8(blob).unwrap()).collect();
    let expected: Vec<_> = case["blob"].as_str().into_iter().collect();
    assert_eq!(blobs, expected, "{name}");
}

#[tokio::test]
async fn the_webhook_answers_as_the_host_did() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = App::new("events", Some("many"));
    let host = FunctionsHost::start(app.config(Handler::Listening(handler.address))).await.unwrap();
    let cases = read_json(&Path::new(RECORDINGS).join("webhook.json"));
    for case in cases.as_array().unwrap() {
        let name = text(case, "case");
        // Keys are not checked locally.
        if name == "wrong key" {
            continue;
        }
        let url = format!("http://{}{}", host.address(), text(case, "path"));
        let reply = call(&url, text(case, "method"), &headers(case), text(case, "body")).await.unwrap();
        let answered = &case["answered"];
        assert_eq!(u64::from(reply.status), status(answered), "{name}");
        assert_eq!(reply.body, text(answered, "body"), "{name}");
        for (header, value) in headers(answered) {
            assert_eq!(reply.headers[&header], value, "{name}");
        }
        assert_eq!(!handler.take_posted().is_empty(), case["reachedHandler"] == true, "{name}");
    }
    assert!(!cases.as_array().unwrap().is_empty());
}
