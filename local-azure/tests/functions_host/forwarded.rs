//! A replay of what a real host forwarded, in the same order and with a handler that answers, hangs up, hangs and exits
//! as the recorded one did.
//!
//! The handler is this very test program, started again to run [`handler`] alone. It reads HTTP by hand, so as to see
//! what is sent and to cut connections, and tells the test each request that it gets.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use local_azure::functions_host::{FunctionKey, FunctionsHost, Handler};
use serde_json::{Value, json};
use tokio::io::AsyncBufReadExt;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::{App, SOON, call, read_json};

/// `README.md` in the folder above says where they are from.
const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/recordings/webhook-http/requests.json");

const HOST_JSON: &str = r#"{"version":"2.0","functionTimeout":"00:00:03","customHandler":{
    "enableForwardingHttpRequest":true,
    "description":{"arguments":["forwarded::handler","--exact","--ignored","--nocapture"]}}}"#;

/// What stands for the key in the recording.
const KEY: &str = "<function key>";

/// The handler. Without somebody to report to, which is to say when it was not started by a test, it does nothing.
#[test]
#[ignore = "started by the other test"]
fn handler() {
    let Ok(reports) = std::env::var("REPORTS") else { return };
    let reports = TcpStream::connect(reports).unwrap();
    let port: u16 = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT").unwrap().parse().unwrap();
    for stream in TcpListener::bind(("127.0.0.1", port)).unwrap().incoming() {
        let reports = reports.try_clone().unwrap();
        std::thread::spawn(move || serve(&stream.unwrap(), reports));
    }
}

fn serve(mut stream: &TcpStream, mut reports: TcpStream) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = next_request(&mut reader) {
        writeln!(reports, "{request}").unwrap();
        match wanted(&request) {
            "reset" => return socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap(),
            "slow" => std::thread::sleep(SOON),
            "exit" => std::process::exit(1),
            answer => write!(stream, "{}", response(answer)).unwrap(),
        }
    }
}

/// A request, in the form of the recording; `None` at the end.
fn next_request(reader: &mut impl BufRead) -> Option<Value> {
    let mut lines = reader.by_ref().lines().map(Result::unwrap);
    let first = lines.next()?;
    let (method, rest) = first.split_once(' ').unwrap();
    let url = rest.strip_suffix(" HTTP/1.1").unwrap();
    let headers: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let headers: Vec<_> = headers.iter().map(|line| line.split_once(": ").unwrap()).collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let raw: Vec<_> = headers.iter().flat_map(|(name, value)| [name, value]).collect();
    let body = String::from_utf8(body).unwrap();
    Some(json!({ "method": method, "url": url, "rawHeaders": raw, "bodyLength": body.len(), "body": body }))
}

/// How a request wants to be answered.
fn wanted(request: &Value) -> &str {
    headers(request).find(|(name, _)| *name == "x-answer").map_or("200", |(_, answer)| answer)
}

fn headers(request: &Value) -> impl Iterator<Item = (&str, &str)> {
    let raw = request["rawHeaders"].as_array().unwrap();
    raw.chunks(2).map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
}

fn response(answer: &str) -> String {
    let status = answer.trim_end_matches("empty");
    let mut response = format!("HTTP/1.1 {status} \r\nRetry-After: 7\r\n");
    if answer == status {
        let body = body(answer);
        write!(response, "Content-Type: text/x-answer\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    } else if status == "204" {
        response.push_str("\r\n");
    } else {
        response.push_str("Content-Length: 0\r\n\r\n");
    }
    response
}

fn body(answer: &str) -> String {
    if answer.ends_with("empty") { String::new() } else { format!("the handler's {answer}") }
}

/// Where the handlers, one after the other, report each request.
async fn reports() -> (String, mpsc::UnboundedReceiver<Value>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (reported, reports) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (handler, _) = listener.accept().await.unwrap();
            let mut lines = tokio::io::BufReader::new(handler).lines();
            // A handler that is killed may leave a reset instead of an end.
            while let Ok(Some(line)) = lines.next_line().await {
                reported.send(serde_json::from_str(&line).unwrap()).unwrap();
            }
        }
    });
    (address, reports)
}

#[tokio::test]
async fn what_is_forwarded_is_what_the_host_forwarded() {
    let recording = read_json(Path::new(RECORDING));
    let app = App::with_host_json("events", Some("many"), HOST_JSON).with_webhook();
    let mut config = app.config(Handler::Executable(std::env::current_exe().unwrap()));
    let (address, mut reports) = reports().await;
    config.environment = vec![("REPORTS".to_owned(), address)];
    config.function_key = FunctionKey::new("key");
    let host = FunctionsHost::start(config).await.unwrap();

    for (index, recorded) in recording.as_array().unwrap().iter().enumerate() {
        let url = recorded["url"].as_str().unwrap().replace(KEY, "key");
        let body = body_of(recorded);
        // The handler was started, or started again: the host asks that itself.
        if url != "/" {
            let url = format!("http://{}{url}", host.address());
            let (method, headers) = (recorded["method"].as_str().unwrap(), callers_headers(recorded));
            let reply = call(&url, method, &headers, &body).await.unwrap();
            match wanted(recorded) {
                "reset" | "slow" | "exit" => assert_eq!((reply.status, reply.body.as_str()), (500, ""), "{index}"),
                answer => {
                    assert_eq!(reply.status.to_string(), answer.trim_end_matches("empty"), "{index}");
                    assert_eq!(reply.body, self::body(answer), "{index}");
                    assert_eq!(reply.headers["retry-after"], "7", "{index}");
                    let content_type = reply.headers.get("content-type").map(|value| value.to_str().unwrap());
                    assert_eq!(content_type, (!reply.body.is_empty()).then_some("text/x-answer"), "{index}");
                }
            }
        }
        let reported = timeout(SOON, reports.recv()).await.expect("the handler gets a request").unwrap();
        assert_eq!((&reported["method"], &reported["url"]), (&recorded["method"], &json!(url)), "{index}");
        assert_eq!(comparable_headers(&reported), comparable_headers(recorded), "{index}");
        assert!(reported["body"] == body, "{index}: another body");
        assert_eq!(reported["bodyLength"], recorded["bodyLength"], "{index}");
    }
    host.stop().await;
    assert!(reports.try_recv().is_err(), "no more requests than recorded");
}

/// The body, or as much where only its length was recorded.
fn body_of(recorded: &Value) -> String {
    let length = usize::try_from(recorded["bodyLength"].as_u64().unwrap()).unwrap();
    recorded["body"].as_str().map_or_else(|| "x".repeat(length), str::to_owned)
}

/// The headers with which the caller must have come.
fn callers_headers(recorded: &Value) -> Vec<(String, String)> {
    let by_the_host = |name: &str| name.starts_with("X-Azure-Functions-") || name == "Host" || name == "Content-Length";
    let headers = headers(recorded).filter(|(name, _)| !by_the_host(name)).map(|(name, value)| {
        let value = value.strip_suffix(" Azure-Functions-Host/4.1037.0.0").unwrap_or(value);
        (name.to_owned(), value.to_owned())
    });
    headers.collect()
}

/// Headers without the values of one run, in one order.
fn comparable_headers(request: &Value) -> Vec<(String, &str)> {
    let mut headers: Vec<_> = headers(request)
        .map(|(name, value)| match name.to_lowercase() {
            name if name == "host" || name == "x-azure-functions-invocationid" => (name, "any"),
            name => (name, value),
        })
        .collect();
    headers.sort_unstable();
    headers
}
