//! Cases of our own, that need nothing but this crate.

use std::time::{Duration, Instant};

use local_azure::functions_host::{AppError, Category, Error, FunctionsHost, Handler, Level, LogLine, Timeouts};

use crate::support::{Answer, App, FakeHandler, Posted, deliver, recording_log};

async fn host(app: &App, handler: &FakeHandler) -> FunctionsHost {
    FunctionsHost::start(app.config(Handler::Listening(handler.address))).await.unwrap()
}

/// The body with the values that differ from run to run taken out.
fn settled(posted: &Posted) -> String {
    let (before, sys) = posted.body.split_once(r#""UtcNow":""#).unwrap();
    let (utc_now, guid) = sys.split_once(r#"","RandGuid":""#).unwrap();
    assert!(utc_now.ends_with('Z') && utc_now.len() >= 20, "{utc_now}");
    assert_eq!(&guid[36..], r#""}}}"#);
    before.to_owned()
}

#[tokio::test]
async fn one_event_is_posted_as_an_object() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    for cardinality in [None, Some("one"), Some("One")] {
        let app = App::new("event", cardinality);
        let host = host(&app, &handler).await;
        let reply = deliver(&host, r#"[ {"id": "1", "data": {"v": 1.10}, "t": "2021-12-09T20:28:52.10Z"} ]"#).await;
        assert_eq!((reply.status, reply.body.as_str()), (202, ""));
        let [posted] = &handler.take_posted()[..] else { panic!("not one invocation") };
        assert_eq!((posted.method.as_str(), posted.path.as_str()), ("POST", "/function"));
        assert_eq!(
            settled(posted),
            r#"{"Data":{"event":{"id":"1","data":{"v":1.1},"t":"2021-12-09T20:28:52.10Z"}},"Metadata":{"data":{"v":1.1},"sys":{"MethodName":"function","#
        );
    }
}

#[tokio::test]
async fn many_events_are_posted_as_text() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = App::new("events", Some("many"));
    let host = host(&app, &handler).await;
    assert_eq!(deliver(&host, r#"[{"data":"é\n"},{"a":1e-7}]"#).await.status, 202);
    let [posted] = &handler.take_posted()[..] else { panic!("not one invocation") };
    assert_eq!(
        settled(posted),
        r#"{"Data":{"events":"[{\"data\":\"é\\n\"},{\"a\":1E-07}]"},"Metadata":{"data":"[\"é\\n\",null]","sys":{"MethodName":"function","#
    );
    assert_eq!(posted.headers["transfer-encoding"], "chunked");
    assert!(posted.headers.get("content-length").is_none() && posted.headers.get("accept").is_none());
}

#[tokio::test]
async fn data_that_is_no_object_is_text_in_the_metadata_and_null_is_absent() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = App::new("event", None);
    let host = host(&app, &handler).await;
    for (event, metadata) in [
        (r#"{"data":"text"}"#, r#""Metadata":{"data":"\"text\"","sys""#),
        (r#"{"data":[1]}"#, r#""Metadata":{"data":"[1]","sys""#),
        (r#"{"data":null}"#, r#""Metadata":{"sys""#),
        ("{}", r#""Metadata":{"sys""#),
    ] {
        assert_eq!(deliver(&host, event).await.status, 202);
        assert!(handler.take_posted()[0].body.contains(metadata), "{event}");
    }
}

#[tokio::test]
async fn cardinality_one_invokes_once_for_each_event_and_one_failure_fails_all() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = App::new("event", None);
    let host = host(&app, &handler).await;
    assert_eq!(deliver(&host, "[]").await.status, 202);
    assert!(handler.take_posted().is_empty());
    assert_eq!(deliver(&host, r#"[{"id":1},{"id":2},{"id":3}]"#).await.status, 202);
    assert_eq!(handler.take_posted().len(), 3);
    let reply = deliver(&host, r#"[{"id":1},2,{"id":3}]"#).await;
    assert_eq!((reply.status, reply.body.as_str()), (500, "Exception while executing function: Functions.function"));
    assert_eq!(handler.take_posted().len(), 2);
}

#[tokio::test]
async fn what_is_no_delivery_never_reaches_the_handler() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = App::new("events", Some("many"));
    let host = host(&app, &handler).await;
    let too_deep = format!("[{{\"a\":{}{}}}]", "[".repeat(70), "]".repeat(70));
    for body in ["", "null", "5", "not json", "[1]", "[{}", &too_deep] {
        assert_eq!(deliver(&host, body).await.status, 500, "{body}");
    }
    assert!(handler.take_posted().is_empty());
}

#[tokio::test]
async fn a_large_delivery_passes() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = App::new("events", Some("many"));
    let mut config = app.config(Handler::Listening(handler.address));
    config.timeouts.function = Some(crate::support::SOON);
    let host = FunctionsHost::start(config).await.unwrap();
    let text = "x".repeat(1_000);
    let event = format!(r#"{{"id":"1","data":"{text}"}}"#);
    // The handler of this test takes 2 MB at most, and the host posts everything twice.
    let events = format!("[{}]", vec![event; 900].join(","));
    assert_eq!(deliver(&host, &events).await.status, 202);
    assert!(handler.take_posted()[0].body.len() > 1_800_000);
}

#[tokio::test]
async fn logs_and_outputs_of_a_success_are_used() {
    let answer = r#"{"Outputs":{"deadLetter":"[1.10]","other":"x"},"Logs":["one","two"]}"#;
    let handler = FakeHandler::start(Answer::json(answer)).await;
    let app = App::new("events", Some("many"));
    let (log, lines) = recording_log();
    let mut config = app.config(Handler::Listening(handler.address));
    config.log = log;
    let host = FunctionsHost::start(config).await.unwrap();
    assert_eq!(deliver(&host, "[]").await.status, 202);
    let blobs: Vec<_> = app.blobs().into_iter().collect();
    let [(name, content)] = &blobs[..] else { panic!("not one blob: {blobs:?}") };
    assert!(name.starts_with("dead-letter/") && name.strip_suffix(".json").is_some(), "{name}");
    assert_eq!(content, b"[1.10]");
    let line = |text: &str| LogLine {
        level: Level::Information,
        category: Category::Function("function".to_owned()),
        message: text.to_owned(),
    };
    assert_eq!(*lines.lock().unwrap(), [line("one"), line("two")]);
}

#[tokio::test]
async fn an_output_that_cannot_be_written_fails_the_invocation() {
    let handler = FakeHandler::start(Answer::json(r#"{"Outputs":{"deadLetter":"[1]"}}"#)).await;
    let app = App::new("events", Some("many"));
    std::fs::write(app.root().join("../blobs"), "a file where a folder must be").unwrap();
    let host = host(&app, &handler).await;
    let reply = deliver(&host, "[]").await;
    assert_eq!((reply.status, reply.body.as_str()), (500, "Exception while executing function: Functions.function"));
}

#[tokio::test]
async fn an_answer_without_a_result_lasts_until_the_timeout() {
    let handler = FakeHandler::start(Answer::json("null")).await;
    let app = App::with_host_json("events", Some("many"), r#"{"version":"2.0","functionTimeout":"00:00:00.25"}"#);
    let host = host(&app, &handler).await;
    let start = Instant::now();
    let reply = deliver(&host, "[]").await;
    assert!(start.elapsed() >= Duration::from_millis(250));
    assert_eq!(reply.status, 500);
    assert_eq!(reply.body, "Timeout value of 00:00:00.2500000 was exceeded by function: Functions.function");
}

#[tokio::test]
async fn a_cloud_event_can_carry_the_validation_code() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = App::new("events", Some("many"));
    let host = host(&app, &handler).await;
    let headers = [("aeg-event-type".to_owned(), "SubscriptionValidation".to_owned())];
    for body in [r#"{"data":"{\"validationCode\":\"x-1\"}"}"#, r#"{"data":{"validationCode":"x-1"}}"#] {
        let reply = crate::support::call(&host.webhook_url("function"), "POST", &headers, body).await.unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"validationResponse":"x-1"}"#));
    }
}

#[tokio::test]
async fn an_app_that_cannot_be_used_is_named() {
    let nowhere = Handler::Listening(([127, 0, 0, 1], 1).into());
    for (file, content, problem) in [
        ("host.json", "{", "host.json: EOF"),
        ("host.json", r#"{"version":"1.0"}"#, r#"version is "1.0""#),
        ("host.json", r#"{"version":"2.0","functionTimeout":"5"}"#, r#"functionTimeout is "5""#),
        ("function/function.json", r#"{"bindings":[]}"#, "no binding of type eventGridTrigger"),
        (
            "function/function.json",
            r#"{"bindings":[{"type":"queue","name":"q","direction":"out"}]}"#,
            r#"binding "q" is of type "queue""#,
        ),
        (
            "function/function.json",
            r#"{"bindings":[{"type":"blob","name":"b","direction":"out","path":"c/{data.id}"}]}"#,
            "the expression {data.id}",
        ),
    ] {
        let app = App::new("events", None);
        std::fs::write(app.root().join(file), content).unwrap();
        let error = FunctionsHost::start(app.config(nowhere.clone())).await.unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    let app = App::new("events", None);
    let error = FunctionsHost::start(app.config(Handler::Declared)).await.unwrap_err();
    assert!(matches!(error, Error::App(AppError::Unusable { .. })), "{error}");
}

#[tokio::test]
async fn a_handler_that_is_not_there_is_an_error() {
    let app = App::new("events", None);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut config = app.config(Handler::Listening(free));
    config.timeouts = Timeouts { initialization: Some(Duration::from_millis(100)), ..Timeouts::default() };
    assert!(matches!(FunctionsHost::start(config).await, Err(Error::Handler(_))));
}
