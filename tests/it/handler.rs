//! The executable as a test has it: started, spoken to, listened to, stopped.

use std::{process::Stdio, sync::Arc, time::Duration};

use local_azure::event_hubs::{Config, EventHubs};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};

/// Longer than anything here takes on a busy machine; what needs it has failed.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// A hub named `twins`.
pub fn hub() -> EventHubs {
    EventHubs::start(Config::default()).unwrap()
}

/// The app settings that lead to `hub`.
pub fn settings(hub: &EventHubs) -> Vec<(String, String)> {
    vec![("EVENT_HUB".to_owned(), hub.connection_string("twins"))]
}

/// A running `twin-bridge`.
pub struct Handler {
    child: Child,
    lines: Arc<watch::Sender<Vec<String>>>,
    url: String,
    http: reqwest::Client,
    /// Where it keeps dead letters.
    folder: TempDir,
}

impl Handler {
    /// Starts the handler for `hub` with settings on top, and waits until it listens.
    pub async fn start(hub: &EventHubs, more: &[(&str, &str)]) -> Self {
        let more = more.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Self::with(settings(hub).into_iter().chain(more)).await
    }

    /// The same, with the producer that is to send to the hub.
    pub async fn start_by(producer: &str, hub: &EventHubs, more: &[(&str, &str)]) -> Self {
        Self::start(hub, &[&[("EVENT_HUB_PRODUCER", producer)], more].concat()).await
    }

    /// Starts the handler with these settings and no others.
    pub async fn with(settings: impl IntoIterator<Item = (String, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = command()
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", "0")
            .env("LOG_FORMAT", "json")
            .env("DEAD_LETTERS", format!("file://{}", folder.path().display()))
            .envs(settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(watch::Sender::new(Vec::new()));
        collect(child.stdout.take().unwrap(), &lines);
        collect(child.stderr.take().unwrap(), &lines);
        let (url, http) = (String::new(), reqwest::Client::new());
        let mut handler = Self { child, lines, url, http, folder };
        let listening = handler.logged("Listening.").await;
        handler.url = format!("http://{}", listening["address"].as_str().unwrap());
        handler
    }

    /// Posts a delivery of events in the form of cardinality many, chunked as the host does it.
    pub async fn deliver(&self, events: &Value) -> Answer {
        self.post(invocation(events)).await
    }

    /// Posts a body as it is.
    pub async fn post(&self, body: impl Into<Vec<u8>>) -> Answer {
        let response = self.request(body).send().await.unwrap();
        let status = response.status().as_u16();
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let body = response.text().await.unwrap();
        Answer { status, content_type, body: serde_json::from_str(&body).unwrap_or(Value::String(body)) }
    }

    /// All that it has set aside so far, in the order of the events' names.
    pub fn dead_letters(&self) -> Vec<Value> {
        let files = walkdir::WalkDir::new(self.folder.path()).into_iter().map(Result::unwrap);
        let texts = files.filter(|file| file.file_type().is_file()).map(|file| std::fs::read(file.path()).unwrap());
        let mut letters: Vec<Value> = texts.flat_map(|text| serde_json::from_slice::<Vec<_>>(&text).unwrap()).collect();
        letters.sort_by_key(|letter| letter["id"].as_str().map(str::to_owned));
        letters
    }

    /// A request that is not sent yet.
    pub fn request(&self, body: impl Into<Vec<u8>>) -> reqwest::RequestBuilder {
        let chunks = body.into().chunks(8192).map(<[u8]>::to_vec).map(Ok::<_, std::io::Error>).collect::<Vec<_>>();
        self.http
            .post(format!("{}/function", self.url))
            .header("content-type", "application/json; charset=utf-8")
            .body(reqwest::Body::wrap_stream(tokio_stream::iter(chunks)))
    }

    /// What `GET /` answers.
    pub async fn status(&self) -> Value {
        let text = self.http.get(&self.url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Waits for a line of the log with this message, and answers it.
    pub async fn logged(&self, message: &str) -> Value {
        let mut lines = self.lines.subscribe();
        let found = lines.wait_for(|lines| find(lines, message).is_some());
        let found = timeout(TIMEOUT, found).await.map(|found| find(&found.unwrap(), message).unwrap());
        found.unwrap_or_else(|_| panic!("not logged: {message}\n{}", self.log()))
    }

    /// Waits until a message has been logged so many times.
    pub async fn logged_times(&self, message: &str, times: usize) {
        let mut lines = self.lines.subscribe();
        let enough = lines.wait_for(|lines| lines.iter().filter(|line| line.contains(message)).count() >= times);
        assert!(timeout(TIMEOUT, enough).await.is_ok(), "not logged {times} times: {message}\n{}", self.log());
    }

    /// All that was logged so far.
    pub fn log(&self) -> String {
        self.lines.borrow().join("\n")
    }

    /// Waits until the handler says that it has reached the hub.
    pub async fn ready(&self) {
        self.logged("The event hub is ready.").await;
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The most memory that it has had so far, in bytes.
    pub fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
    }

    /// Asks it to stop, as the platform does.
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Asks it to stop, as Ctrl-C does.
    pub fn interrupt(&self) {
        let pid = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }

    /// Waits for its end and answers the exit code.
    pub async fn ended(&mut self) -> Option<i32> {
        timeout(TIMEOUT, self.child.wait()).await.expect("it ends").unwrap().code()
    }
}

/// How the handler answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: Value,
}

impl Answer {
    pub fn assert_delivered(&self) {
        assert_eq!((self.status, &*self.content_type), (200, "application/json"), "{self:?}");
    }

    /// The reason in the problem document of a failing answer.
    pub fn reason(&self, status: u16) -> &str {
        assert_eq!((self.status, &*self.content_type), (status, "application/problem+json"), "{self:?}");
        assert_eq!(self.body["status"], status);
        self.body["detail"].as_str().unwrap()
    }
}

/// The executable with an environment that holds nothing of this machine's but the path.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twin-bridge"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).kill_on_drop(true);
    command
}

/// The host's envelope with cardinality many: the events are JSON in a string.
pub fn invocation(events: &Value) -> String {
    json!({"Data": {"events": events.to_string()}, "Metadata": {"data": events.to_string()}}).to_string()
}

/// A twin update in the Event Grid schema with one operation for each (path, value).
pub fn update(id: &str, twin: &str, values: &[(&str, Value)]) -> Value {
    let patch: Vec<_> =
        values.iter().map(|(path, value)| json!({"value": value, "path": path, "op": "replace"})).collect();
    json!({
        "id": id, "eventType": "Microsoft.DigitalTwins.Twin.Update", "subject": twin,
        "eventTime": "2021-12-09T20:28:52.9795363Z", "dataVersion": "1.0", "metadataVersion": "1", "topic": "/t",
        "data": {
            "data": {"modelId": "dtmi:example:step;1", "patch": patch},
            "contenttype": "application/json", "traceparent": "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01",
        },
    })
}

fn collect(stream: impl AsyncRead + Unpin + Send + 'static, lines: &Arc<watch::Sender<Vec<String>>>) {
    let lines = Arc::clone(lines);
    tokio::spawn(async move {
        let mut read = BufReader::new(stream).lines();
        while let Ok(Some(line)) = read.next_line().await {
            lines.send_modify(|lines| lines.push(line));
        }
    });
}

fn find(lines: &[String], message: &str) -> Option<Value> {
    let parsed = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed.into_iter().find(|line| line["message"].as_str().is_some_and(|text| text.contains(message)))
}
