//! What a delivery costs the bridge: processor time per event, and events per second, for each form of body.
//!
//! The real executable, the local Event Hubs endpoint and the sender share the machine; only the bridge's own processor
//! time is counted, which hardly depends on the others. `cargo bench --bench deliveries`

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a bench that can't go on has failed")]

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use local_azure::event_hubs::{Config, EventHubs, HubConfig};
use serde_json::json;

const DELIVERIES: usize = 2000;
const WARM_UP: usize = 200;
const EVENTS: usize = 32;
const OPERATIONS: usize = 5;
const AT_A_TIME: usize = 16;
/// Of one tick in `/proc/<pid>/stat`, on every Linux that we know.
const TICK: Duration = Duration::from_millis(10);

#[tokio::main]
async fn main() {
    println!("{EVENTS} events of {OPERATIONS} operations a delivery, {AT_A_TIME} at a time, {DELIVERIES} deliveries");
    println!("| EVENT_HUB_BODY | processor time per event | events/s | records/s |");
    println!("| --- | --- | --- | --- |");
    for body in ["record", "lines", "array"] {
        let (per_event, events) = run(body).await;
        let records = events * OPERATIONS as f64;
        println!("| `{body}` | {:.0} µs | {events:.0} | {records:.0} |", per_event.as_secs_f64() * 1e6);
    }
}

/// The bridge's processor time per event, and the events per second.
async fn run(body: &str) -> (Duration, f64) {
    let hubs = vec![HubConfig::new("twins", 4)];
    let hub = EventHubs::start(Config { hubs, retention_bytes: 1024 * 1024, ..Config::default() }).unwrap();
    let (mut bridge, url) = start(&hub, body);
    send(&url, WARM_UP).await;
    let (before, started) = (processor_time(&bridge), Instant::now());
    send(&url, DELIVERIES).await;
    let (used, took) = (processor_time(&bridge).saturating_sub(before), started.elapsed());
    bridge.kill().unwrap();
    bridge.wait().unwrap();
    let events = (DELIVERIES * EVENTS) as f64;
    (used.div_f64(events), events / took.as_secs_f64())
}

fn start(hub: &EventHubs, body: &str) -> (Child, String) {
    let mut bridge = Command::new(env!("CARGO_BIN_EXE_twin-bridge"))
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", "0")
        .env("EVENT_HUB", hub.connection_string("twins"))
        .env("EVENT_HUB_BODY", body)
        .env("LOG_FORMAT", "json")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(bridge.stdout.take().unwrap()).lines();
    let line: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    // The log goes on for each delivery; somebody has to read it, as the host does.
    std::thread::spawn(move || lines.for_each(drop));
    (bridge, format!("http://{}/function", line["address"].as_str().unwrap()))
}

/// Posts so many deliveries as the host does it, each checked for its answer.
async fn send(url: &str, deliveries: usize) {
    let http = reqwest::Client::new();
    let bodies: Arc<Vec<String>> = Arc::new((0..AT_A_TIME).map(invocation).collect());
    let senders = (0..AT_A_TIME).map(|sender| {
        let (http, url, bodies) = (http.clone(), url.to_owned(), Arc::clone(&bodies));
        tokio::spawn(async move {
            for _ in 0..deliveries / AT_A_TIME {
                let answer = http.post(&url).body(bodies[sender].clone()).send().await.unwrap();
                assert_eq!(answer.text().await.unwrap(), r#"{"Outputs":{},"Logs":[],"ReturnValue":null}"#);
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}

/// Events of a sender's own twins, in the host's envelope with the payload repeated.
fn invocation(sender: usize) -> String {
    let event = |number: usize| {
        let patch: Vec<_> = (0..OPERATIONS)
            .map(|at| json!({"value": 200.25 + at as f64, "path": format!("/ChasisTemperature{at}"), "op": "replace"}))
            .collect();
        json!({
            "id": format!("b53976f9-926a-58a1-b6cc-{sender:06}{number:06}"), "subject": format!("GrindingStep{sender}-{number}"),
            "eventType": "Microsoft.DigitalTwins.Twin.Update", "eventTime": "2021-12-09T20:28:52.9795363Z",
            "dataVersion": "1.0", "metadataVersion": "1", "topic": "/subscriptions/s/resourceGroups/r/providers/Microsoft.EventGrid/topics/t",
            "data": {
                "data": {"modelId": "dtmi:com:microsoft:iot:e2e:digital_factory:production_step_grinding;1", "patch": patch},
                "contenttype": "application/json", "traceparent": "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01",
            },
        })
    };
    let events: Vec<_> = (0..EVENTS).map(event).collect();
    let data: Vec<_> = events.iter().map(|event| &event["data"]).collect();
    json!({"Data": {"events": json!(events).to_string()}, "Metadata": {"data": json!(data).to_string()}}).to_string()
}

/// User and system time of the process so far.
fn processor_time(process: &Child) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap();
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u32 = fields[11..=12].iter().map(|field| field.parse::<u32>().unwrap()).sum();
    TICK * ticks
}
