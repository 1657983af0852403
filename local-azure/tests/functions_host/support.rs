//! A function app on disk, a handler that answers what it is told, and a sender of events.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use azure_messaging_eventhubs::models::EventData;
use azure_messaging_eventhubs::{EventDataBatchOptions, ProducerClient};
use local_azure::event_hubs::EventHubs;
use local_azure::functions_host::{Config, FunctionsHost, Handler, Log, LogLine, Storage};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

/// Nothing here takes as long; a test that would hang fails instead.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A `host.json` that has requests forwarded.
pub(crate) const FORWARDING: &str = r#"{"version":"2.0","customHandler":{"enableForwardingHttpRequest":true}}"#;

/// A folder with a function app named `function`, and one for its blobs.
pub(crate) struct App {
    folder: TempDir,
}

impl App {
    /// An app with an Event Grid trigger of that name, and the blob output `deadLetter`.
    pub(crate) fn new(trigger: &str, cardinality: Option<&str>) -> Self {
        Self::with_host_json(trigger, cardinality, r#"{"version":"2.0"}"#)
    }

    pub(crate) fn with_host_json(trigger: &str, cardinality: Option<&str>, host_json: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cardinality = cardinality.map(|text| format!(r#","cardinality":"{text}""#)).unwrap_or_default();
        let function_json = format!(
            r#"{{"bindings":[
                {{"type":"eventGridTrigger","name":"{trigger}","direction":"in"{cardinality}}},
                {{"type":"blob","name":"deadLetter","direction":"out","path":"dead-letter/{{rand-guid}}.json",
                  "connection":"AzureWebJobsStorage"}}]}}"#
        );
        fs::create_dir_all(folder.path().join("app/function")).unwrap();
        fs::write(folder.path().join("app/host.json"), host_json).unwrap();
        fs::write(folder.path().join("app/function/function.json"), function_json).unwrap();
        Self { folder }
    }

    /// An app with one function.
    pub(crate) fn with_function(name: &str, function_json: &str, host_json: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("app").join(name)).unwrap();
        fs::write(folder.path().join("app/host.json"), host_json).unwrap();
        fs::write(folder.path().join("app").join(name).join("function.json"), function_json).unwrap();
        Self { folder }
    }

    /// The same with a function named `webhook` beside the other, whose requests are forwarded to `/api/events`.
    pub(crate) fn with_webhook(self) -> Self {
        let function_json = r#"{"bindings":[
            {"type":"httpTrigger","direction":"in","name":"request","methods":["post","options"],
             "authLevel":"function","route":"events"},
            {"type":"http","direction":"out","name":"$return"}]}"#;
        fs::create_dir(self.root().join("webhook")).unwrap();
        fs::write(self.root().join("webhook/function.json"), function_json).unwrap();
        self
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("app")
    }

    /// A configuration that stores blobs in a folder and logs nothing.
    pub(crate) fn config(&self, handler: Handler) -> Config {
        let storage = Storage::Folder(self.folder.path().join("blobs"));
        Config { handler, log: Log::new(|_| {}), ..Config::new(self.root(), storage) }
    }

    /// The contents of all blobs, with the container before the name.
    pub(crate) fn blobs(&self) -> BTreeMap<String, Vec<u8>> {
        let mut blobs = BTreeMap::new();
        collect(&self.folder.path().join("blobs"), "", &mut blobs);
        blobs
    }
}

fn collect(folder: &Path, prefix: &str, blobs: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), blobs);
        } else {
            blobs.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// What the handler was asked.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What the handler answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// 200 and JSON.
    pub(crate) fn json(body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status: 200, headers, body: body.to_owned() }
    }

    /// A failure.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// No answer at all.
    pub(crate) fn never() -> Self {
        Self::status(0)
    }
}

/// A handler inside the test, that keeps what it was asked.
pub(crate) struct FakeHandler {
    pub(crate) address: SocketAddr,
    conversation: Arc<Conversation>,
}

struct Conversation {
    posted: Mutex<Vec<Posted>>,
    arrivals: Notify,
    /// The last one is given again and again.
    answers: Mutex<VecDeque<Answer>>,
}

impl FakeHandler {
    pub(crate) async fn start(answer: Answer) -> Self {
        Self::answering([answer]).await
    }

    /// A handler that gives these answers one after the other, and the last one from then on.
    pub(crate) async fn answering(answers: impl Into<VecDeque<Answer>>) -> Self {
        let answers = Mutex::new(answers.into());
        let conversation = Arc::new(Conversation { posted: Mutex::default(), arrivals: Notify::new(), answers });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answered).with_state(Arc::clone(&conversation));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, conversation }
    }

    /// Gives this answer from now on.
    pub(crate) fn answer(&self, answer: Answer) {
        *self.conversation.answers.lock().unwrap() = VecDeque::from([answer]);
    }

    /// A handler that hangs up instead of answering.
    pub(crate) async fn that_hangs_up() -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut head = [0; 4];
                    stream.read_exact(&mut head).await.unwrap();
                    if head == *b"GET " {
                        stream
                            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                            .await
                            .unwrap();
                    }
                });
            }
        });
        address
    }

    /// Waits for what is posted next.
    pub(crate) async fn next_posted(&self) -> Posted {
        let next = async {
            loop {
                let arrival = self.conversation.arrivals.notified();
                if let Some(posted) = self.take_first() {
                    return posted;
                }
                arrival.await;
            }
        };
        tokio::time::timeout(SOON, next).await.expect("nothing was posted")
    }

    fn take_first(&self) -> Option<Posted> {
        let mut posted = self.conversation.posted.lock().unwrap();
        if posted.is_empty() { None } else { Some(posted.remove(0)) }
    }

    /// What was posted since the last call.
    pub(crate) fn take_posted(&self) -> Vec<Posted> {
        std::mem::take(&mut self.conversation.posted.lock().unwrap())
    }
}

async fn answered(
    State(conversation): State<Arc<Conversation>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method == Method::GET && uri.path() == "/" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let body = String::from_utf8(body.to_vec()).unwrap();
    conversation.posted.lock().unwrap().push(Posted { method, path: uri.to_string(), headers, body });
    conversation.arrivals.notify_waiters();
    let answer = conversation.next_answer();
    if answer.status == 0 {
        return std::future::pending().await;
    }
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(answer.body.into()).unwrap()
}

impl Conversation {
    fn next_answer(&self) -> Answer {
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
    }
}

/// An answer of the webhook.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Calls the webhook.
pub(crate) async fn call(url: &str, method: &str, headers: &[(String, String)], body: &str) -> reqwest::Result<Reply> {
    // Says nothing by itself, whatever features of it other packages of the workspace ask for.
    let client = reqwest::Client::builder().no_gzip().no_deflate().no_brotli().no_zstd();
    let client = client.no_proxy().timeout(SOON).build()?;
    let mut request = client.request(method.parse().unwrap(), url).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Reply { status, headers, body: response.text().await? })
}

/// Delivers events to the function named `function`.
pub(crate) async fn deliver(host: &FunctionsHost, events: &str) -> Reply {
    try_deliver(host.webhook_url("function"), events.to_owned()).await.unwrap()
}

/// The same where the host may be gone, and apart from the lifetime of the host.
pub(crate) async fn try_deliver(url: String, events: String) -> reqwest::Result<Reply> {
    call(&url, "POST", &[("aeg-event-type".to_owned(), "Notification".to_owned())], &events).await
}

/// Sends events with these bodies to a partition. Microsoft's client needs a limit for its waits.
pub(crate) async fn send_events(hubs: &EventHubs, hub: &str, partition: &str, bodies: &[&str]) {
    let sent = async {
        let producer = ProducerClient::builder().with_custom_endpoint(format!("amqp://{}", hubs.address()));
        let producer = producer.open_with_connection_string(&hubs.connection_string(hub), None).await.unwrap();
        let options =
            EventDataBatchOptions { partition_id: Some(partition.to_owned()), ..EventDataBatchOptions::default() };
        let batch = producer.create_batch(Some(options)).await.unwrap();
        for body in bodies {
            assert!(batch.try_add_event_data(EventData::builder().with_body(*body).build(), None).unwrap());
        }
        producer.send_batch(batch, None).await.unwrap();
    };
    tokio::time::timeout(SOON, sent).await.unwrap();
}

/// A log that keeps its lines.
pub(crate) fn recording_log() -> (Log, Arc<Mutex<Vec<LogLine>>>) {
    let lines: Arc<Mutex<Vec<LogLine>>> = Arc::default();
    let kept = Arc::clone(&lines);
    (Log::new(move |line| kept.lock().unwrap().push(line.clone())), lines)
}

/// Reads a file of JSON.
pub(crate) fn read_json(path: &Path) -> serde_json::Value {
    let mut text = String::new();
    fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}
