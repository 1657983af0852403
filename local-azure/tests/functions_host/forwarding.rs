//! Requests that are forwarded: who may call, what the handler gets, what the caller gets.

use local_azure::functions_host::{Config, FunctionKey, FunctionsHost, Handler, Level};

use crate::support::{Answer, App, FORWARDING, FakeHandler, Posted, Reply, call, deliver, recording_log};

const KEY: &str = "secret/+key";

fn app() -> App {
    App::with_host_json("events", Some("many"), FORWARDING).with_webhook()
}

fn config(app: &App, handler: &FakeHandler) -> Config {
    Config { function_key: FunctionKey::new(KEY), ..app.config(Handler::Listening(handler.address)) }
}

async fn host(app: &App, handler: &FakeHandler) -> FunctionsHost {
    FunctionsHost::start(config(app, handler)).await.unwrap()
}

async fn post(host: &FunctionsHost, path: &str, headers: &[(&str, &str)]) -> Reply {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    call(&format!("http://{}{path}", host.address()), "POST", &headers, "[1.10]").await.unwrap()
}

fn values(posted: &Posted, name: &str) -> Vec<String> {
    posted.headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = app();
    let host = host(&app, &handler).await;
    let path = "/API/Events/?b=%20&code=secret%2F%2Bkey&a";
    assert_eq!(post(&host, path, &[("x-twice", "1"), ("x-twice", "2"), ("x-functions-key", KEY)]).await.status, 200);
    let [posted] = &handler.take_posted()[..] else { panic!("not one request") };
    assert_eq!((posted.method.as_str(), posted.path.as_str(), posted.body.as_str()), ("POST", path, "[1.10]"));
    for (name, expected) in [
        ("x-twice", vec!["1", "2"]),
        ("x-functions-key", vec![KEY]),
        ("host", vec![host.address().to_string().as_str()]),
        ("user-agent", vec!["Azure-Functions-Host/4.1037.0.0"]),
        ("content-length", vec!["6"]),
        ("transfer-encoding", vec![]),
    ] {
        assert_eq!(values(posted, name), expected, "{name}");
    }
}

#[tokio::test]
async fn an_answer_comes_back_as_it_is() {
    for status in [200, 202, 302, 400, 401, 413, 429, 500, 503] {
        let headers = [("retry-after", "7"), ("location", "/"), ("content-type", "x/y"), ("x-twice", "1")];
        let mut headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        headers.push(("x-twice".to_owned(), "2".to_owned()));
        let answer = Answer { status, headers: headers.clone(), body: "null".to_owned() };
        let handler = FakeHandler::start(answer).await;
        let app = app();
        let host = host(&app, &handler).await;
        // A caller that follows no redirect is one that gets it.
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let reply = client.post(host.function_url("webhook").unwrap()).send().await.unwrap();
        assert_eq!(reply.status(), status);
        for (name, value) in headers {
            assert!(reply.headers().get_all(&name).iter().any(|found| *found == value), "{status} {name}");
        }
        assert_eq!(reply.text().await.unwrap(), "null");
        assert_eq!(handler.take_posted().len(), 1);
    }
}

#[tokio::test]
async fn a_204_with_a_content_type_is_told_in_the_log() {
    for (content_type, lines_expected) in [(false, 0), (true, 1)] {
        let headers = content_type.then(|| ("content-type".to_owned(), "text/plain".to_owned())).into_iter().collect();
        let handler = FakeHandler::start(Answer { status: 204, headers, body: String::new() }).await;
        let app = app();
        let (log, lines) = recording_log();
        let host = FunctionsHost::start(Config { log, ..config(&app, &handler) }).await.unwrap();
        assert_eq!(post(&host, "/api/events", &[("x-functions-key", KEY)]).await.status, 204);
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), lines_expected, "{lines:?}");
        assert!(lines.iter().all(|line| line.level == Level::Error && line.message.contains("status code 204")));
    }
}

#[tokio::test]
async fn without_the_key_or_the_route_the_handler_is_not_asked() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = app();
    let host = host(&app, &handler).await;
    for (path, headers, status) in [
        ("/api/events", vec![], 401),
        ("/api/events?code=wrong", vec![], 401),
        ("/api/events", vec![("x-functions-key", "wrong")], 401),
        ("/api/events?code=secret%2F%2Bkey", vec![("x-functions-key", "wrong")], 401),
        ("/api/event?code=secret%2F%2Bkey", vec![], 404),
        ("/api/webhook?code=secret%2F%2Bkey", vec![], 404),
        ("/events?code=secret%2F%2Bkey", vec![], 404),
        ("/webhook?code=secret%2F%2Bkey", vec![], 404),
        ("/?code=secret%2F%2Bkey", vec![], 404),
    ] {
        let reply = post(&host, path, &headers).await;
        assert_eq!((reply.status, reply.body.as_str()), (status, ""), "{path} {headers:?}");
    }
    for method in ["GET", "PUT", "DELETE", "HEAD"] {
        assert_eq!(
            call(&host.function_url("webhook").unwrap(), method, &[], "").await.unwrap().status,
            404,
            "{method}"
        );
    }
    assert!(handler.take_posted().is_empty());
    assert_eq!(host.function_url("function"), None);
}

#[tokio::test]
async fn both_triggers_live_in_one_app() {
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = app();
    let host = host(&app, &handler).await;
    assert_eq!(deliver(&host, "[{\"v\":1.10}]").await.status, 202);
    assert_eq!(call(&host.function_url("webhook").unwrap(), "OPTIONS", &[], "").await.unwrap().status, 200);
    assert_eq!(call(&host.webhook_url("webhook"), "POST", &[], "[]").await.unwrap().status, 404);
    let posted = handler.take_posted();
    let calls: Vec<_> = posted.iter().map(|posted| (posted.method.as_str(), posted.path.as_str())).collect();
    assert_eq!(calls, [("POST", "/function"), ("OPTIONS", "/api/events?code=secret%2F%2Bkey")]);
    assert!(posted[0].body.starts_with(r#"{"Data":{"events":"#), "{}", posted[0].body);
}

#[tokio::test]
async fn an_http_trigger_that_is_not_forwarded_is_refused() {
    for host_json in
        [r#"{"version":"2.0"}"#, r#"{"version":"2.0","customHandler":{"enableForwardingHttpRequest":false}}"#]
    {
        let app = App::with_host_json("events", None, host_json).with_webhook();
        let handler = Handler::Listening(([127, 0, 0, 1], 1).into());
        let error = FunctionsHost::start(app.config(handler)).await.unwrap_err().to_string();
        assert!(error.contains("host.json: the function \"webhook\" has an HTTP trigger"), "{error}");
        assert!(error.contains("enableForwardingHttpRequest"), "{error}");
    }
}

#[tokio::test]
async fn a_handler_that_hangs_up_is_a_500_and_the_key_is_nowhere() {
    let app = app();
    let (log, lines) = recording_log();
    let mut config = app.config(Handler::Listening(FakeHandler::that_hangs_up().await));
    config.function_key = FunctionKey::new("secret");
    config.log = log;
    let shown = format!("{config:?}");
    let host = FunctionsHost::start(config).await.unwrap();
    for key in ["secret", "wrong-secret"] {
        let reply = post(&host, &format!("/api/events?code={key}"), &[]).await;
        assert_eq!((reply.status, reply.body.as_str()), (if key == "secret" { 500 } else { 401 }, ""));
    }
    let shown = format!("{shown} {host:?} {:?}", lines.lock().unwrap());
    assert!(shown.contains("Executed 'Functions.webhook' (Failed)"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}
