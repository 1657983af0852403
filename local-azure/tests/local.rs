//! `cargo local`, as a newcomer runs it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{collections::HashMap, fs, os::unix::fs::PermissionsExt, process::Stdio, time::Duration};

use axum::{Json, Router, http::HeaderMap, routing::post};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdout, Command},
    sync::mpsc,
    time::timeout,
};

/// How long anything may take, on a machine that builds the handler and runs other tests at the same time.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The program, with what it says of its pieces: `Explorer` to its URL and so on.
struct Local {
    process: Child,
    pieces: HashMap<String, String>,
    http: reqwest::Client,
}

impl Local {
    async fn start(arguments: &[&str]) -> Self {
        let mut process = command(arguments).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let pieces = timeout(TIMEOUT, pieces(&mut lines)).await.expect("the pieces are up in time");
        // The status goes on; somebody has to read it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { process, pieces, http: reqwest::Client::new() }
    }

    fn url(&self, piece: &str, path: &str) -> String {
        format!("{}{path}", self.pieces[piece].trim_end_matches('/'))
    }

    /// Asks the explorer until the answer is as it should be.
    async fn explorer(&self, path: &str, good: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let answer: Value =
                    self.http.get(self.url("Explorer", path)).send().await.unwrap().json().await.unwrap();
                if good(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(TIMEOUT, asking).await.unwrap_or_else(|_| panic!("{path} becomes as it should be"))
    }

    /// Replaces a property, as a client does.
    async fn change_twin(&self, id: &str, property: &str, value: u64) {
        let url = self.url("Digital twins", &format!("/digitaltwins/{id}?api-version=2023-10-31"));
        let patch = json!([{"op": "replace", "path": format!("/{property}"), "value": value}]);
        let answer = self.http.patch(url).json(&patch).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
    }

    async fn post(&self, piece: &str, path: &str) {
        let answer = self.http.post(self.url(piece, path)).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// Ctrl-C on a terminal.
    async fn interrupt(mut self) -> bool {
        let pid = i32::try_from(self.process.id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::INT)
            .unwrap();
        timeout(TIMEOUT, self.process.wait()).await.expect("it ends").unwrap().success()
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-azure"));
    command
        .arg("--any-port")
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .env_remove("AzureWebJobsStorage");
    command
}

/// Reads the table, up to its end.
async fn pieces(lines: &mut Lines<BufReader<ChildStdout>>) -> HashMap<String, String> {
    let mut pieces = HashMap::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        let Some((name, what)) = line.split_once("  ") else { break };
        pieces.insert(name.to_owned(), what.trim().to_owned());
    }
    assert!(pieces.contains_key("EVENT_HUB"), "{pieces:?}");
    pieces
}

/// The records of a factory whose steps have changed once, as a consumer reads them.
async fn records_of_once(way: &str) -> Vec<Value> {
    let output = timeout(TIMEOUT, command(&["--once", "--way", way]).output()).await.unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[tokio::test]
async fn once_prints_the_records_of_the_factory_as_a_consumer_reads_them() {
    let records = records_of_once("webhook").await;
    let created = |member: &str| {
        records.iter().filter(|record| !record[member].is_null() && record["Action"] == "Create").count()
    };
    assert_eq!((created("TwinId"), created("Source")), (6, 5), "{records:?}");
    let grinding =
        records.iter().filter(|record| record["Id"] == "GrindingStep" && record["Key"] == "ChasisTemperature");
    assert_eq!(grinding.count(), 2, "as created, and as changed: {records:?}");
    assert!(records.iter().all(|record| record["ServiceId"] == "chocolate-factory.api.weu.digitaltwins.azure.net"));

    // Whichever way they take, they say the same; only times and the ids of events are those of that run.
    let said = |records: Vec<Value>| {
        let of_the_run = ["TimeStamp", "SourceTimeStamp", "EventId"];
        let said = records.into_iter().map(|mut record| {
            record.as_object_mut().unwrap().retain(|name, _| !of_the_run.contains(&name.as_str()));
            record.to_string()
        });
        let mut said: Vec<_> = said.collect();
        said.sort();
        said
    };
    let expected = said(records);
    for way in ["function", "event-hub", "service-bus"] {
        assert_eq!(said(records_of_once(way).await), expected, "{way}");
    }
}

#[tokio::test]
async fn what_a_client_does_to_a_twin_is_drawn_beside_what_the_factory_does() {
    let local = Local::start(&["--twins", "40", "--rate", "40", "--schema", "cloud-events"]).await;
    let first = local.explorer("/api/overview", |overview| overview["twins"] == 40).await;
    let more = |overview: &Value| overview["points"].as_u64().unwrap() > first["points"].as_u64().unwrap() + 100;
    local.explorer("/api/overview", more).await;

    local.change_twin("FactoryFloor", "ComfortIndex", 4711).await;
    local.explorer("/api/records?twin=FactoryFloor", |records| records.to_string().contains("4711")).await;
    let refused = local.http.get(local.url("Digital twins", "/digitaltwins/None?api-version=2023-10-31")).send().await;
    assert_eq!(refused.unwrap().status(), 404);
    assert!(local.interrupt().await);
}

#[tokio::test]
async fn a_hub_that_was_away_gets_what_happened_meanwhile() {
    let local = Local::start(&["--way", "event-hub", "--control-port", "0"]).await;
    assert!(local.pieces["Notifications"].starts_with("hub adt on amqp://"), "{:?}", local.pieces);
    local.explorer("/api/overview", |overview| overview["twins"] == 6).await;
    local.post("Control", "/pause").await;
    local.change_twin("FactoryFloor", "ComfortIndex", 4711).await;
    local.post("Control", "/resume").await;
    local.explorer("/api/records?twin=FactoryFloor", |records| records.to_string().contains("4711")).await;
    assert!(local.interrupt().await);
}

#[tokio::test]
async fn what_is_told_to_a_topic_is_drawn() {
    let local = Local::start(&["--way", "service-bus"]).await;
    assert!(local.pieces["Notifications"].starts_with("topic adt, subscription bridge on amqp://"));
    assert!(local.pieces["SERVICE_BUS"].contains(";EntityPath=adt;"));
    local.explorer("/api/overview", |overview| overview["twins"] == 6).await;
    local.change_twin("FactoryFloor", "ComfortIndex", 4711).await;
    local.explorer("/api/records?twin=FactoryFloor", |records| records.to_string().contains("4711")).await;
    assert!(local.interrupt().await);
}

#[tokio::test]
async fn a_webhook_is_refused_on_a_way_that_has_none() {
    let output = command(&["--way", "event-hub", "--webhook", "http://127.0.0.1:9/"]).stderr(Stdio::piped()).output();
    let output = timeout(TIMEOUT, output).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("--webhook goes with --way webhook and --way function only"), "{text}");
}

#[tokio::test]
async fn another_host_gets_the_same_deliveries_once_it_is_up() {
    for way in ["function", "webhook"] {
        delivers_to_another_host(way).await;
    }
}

async fn delivers_to_another_host(way: &str) {
    let is_webhook = way == "webhook";
    let (deliveries, mut delivered) = mpsc::unbounded_channel();
    let deliver = async move |headers: HeaderMap, Json(events): Json<Value>| {
        if headers["aeg-event-type"] == "SubscriptionValidation" {
            assert_eq!(events[0]["data"]["validationUrl"].is_string(), is_webhook);
            return Json(json!({"validationResponse": events[0]["data"]["validationCode"]}));
        }
        deliveries.send(events).unwrap();
        Json(json!({}))
    };
    // The port is known before anything listens on it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/hook", listener.local_addr().unwrap());
    let webhook = format!("{base_url}?code=secret");
    let filter = "type = 'Microsoft.DigitalTwins.Twin.Update' AND $body.modelId != 'no model'";
    let local = Local::start(&["--way", way, "--webhook", &webhook, "--filter", filter]).await;
    assert_eq!(local.pieces["Webhook"], base_url, "a key is not shown");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", post(deliver))).await });
    let events = timeout(TIMEOUT, delivered.recv()).await.expect("a delivery comes").unwrap();
    assert_eq!(events[0]["eventType"], "Microsoft.DigitalTwins.Twin.Update", "{events}");
    assert!(local.interrupt().await);
}

#[tokio::test]
async fn a_handler_is_looked_for_where_the_program_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("handler");
    fs::write(&handler, "#!/bin/sh\necho this one >&2\nexit 1\n").unwrap();
    fs::set_permissions(&handler, fs::Permissions::from_mode(0o755)).unwrap();
    let call = async |handler| {
        let mut command = command(&["--handler", handler]);
        let output = command.current_dir(folder.path()).stderr(Stdio::piped()).output();
        let output = timeout(TIMEOUT, output).await.unwrap().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let text = call("handler").await;
    assert!(text.contains("this one"), "{text}");
    let text = call("./no-handler").await;
    assert!(
        text.contains("--handler") && text.contains("there is no file /") && text.contains("/no-handler"),
        "{text}"
    );
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused_with_its_reason() {
    let output = command(&["--filter", "type = ", "--webhook", "http://127.0.0.1:9/"]).stderr(Stdio::piped()).output();
    let output = timeout(TIMEOUT, output).await.unwrap().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("filter"), "{text}");
}
