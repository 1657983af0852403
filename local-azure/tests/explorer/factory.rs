//! A hub, an explorer that reads it, and the records of a chocolate factory to fill it with.

use std::f64::consts::TAU;

use azure_messaging_eventhubs::{EventDataBatchOptions, ProducerClient, RetryOptions, models::EventData};
use explorer::{Admission, Config, Explorer, Limits, Source};
use local_azure::event_hubs::{self, EventHubs};
use reqwest::StatusCode;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};
use tokio::time::{sleep, timeout};

use crate::TIMEOUT;

const HUB: &str = "twins";

/// An explorer at work. The producer must be used on a current-thread runtime, as `#[tokio::test]` is.
pub(crate) struct Factory {
    pub(crate) hubs: EventHubs,
    pub(crate) explorer: Explorer,
    producer: ProducerClient,
    http: reqwest::Client,
}

impl Factory {
    pub(crate) async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    pub(crate) async fn start_with(limits: Limits) -> Self {
        let hubs = EventHubs::start(event_hubs::Config::default()).unwrap();
        let explorer = Explorer::start(Config {
            listen: ([127, 0, 0, 1], 0).into(),
            admission: Admission::default(),
            source: Source::of_connection_string(&hubs.connection_string(HUB)).unwrap(),
            limits,
        })
        .await
        .unwrap();
        let producer = producer(&hubs).await;
        Self { hubs, explorer, producer, http: reqwest::Client::new() }
    }

    /// Sends bodies, each as an event of its own.
    pub(crate) async fn send(&self, bodies: &[String]) {
        send(&self.producer, bodies).await;
    }

    /// Sends records over a new connection, after the hub was away.
    pub(crate) async fn refill(&self, records: &[Value]) {
        let bodies: Vec<_> = records.iter().map(Value::to_string).collect();
        send(&producer(&self.hubs).await, &bodies).await;
    }

    /// Sends records, each in an event of its own.
    pub(crate) async fn send_records(&self, records: &[Value]) {
        let bodies: Vec<_> = records.iter().map(Value::to_string).collect();
        self.send(&bodies).await;
    }

    /// Waits until the explorer has read that many records, or pieces that are none.
    pub(crate) async fn has_read(&self, records: u64) {
        let read = async {
            while self.explorer.counters().records < records {
                sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        timeout(TIMEOUT, read).await.unwrap_or_else(|_| panic!("{:?}", self.explorer.counters()));
        assert_eq!(self.explorer.counters().records, records);
    }

    pub(crate) async fn fetch(&self, path: &str) -> reqwest::Response {
        timeout(TIMEOUT, self.http.get(format!("{}{path}", self.explorer.url())).send()).await.unwrap().unwrap()
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.fetch(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).unwrap()
    }

    /// The first of the series that a query asks for.
    pub(crate) async fn curve(&self, query: &str) -> Value {
        self.json(&format!("api/series?{query}")).await["series"][0].take()
    }
}

async fn producer(hubs: &EventHubs) -> ProducerClient {
    let connection_string = hubs.connection_string(HUB);
    let producer = ProducerClient::builder()
        .with_custom_endpoint(format!("amqp://{}", hubs.address()))
        .with_retry_options(RetryOptions { max_retries: 0, ..RetryOptions::default() })
        .open_with_connection_string(&connection_string, None);
    timeout(TIMEOUT, producer).await.unwrap().unwrap()
}

async fn send(producer: &ProducerClient, bodies: &[String]) {
    let mut left = bodies;
    while !left.is_empty() {
        let options = EventDataBatchOptions { partition_id: Some("1".to_owned()), ..EventDataBatchOptions::default() };
        let batch = timeout(TIMEOUT, producer.create_batch(Some(options))).await.unwrap().unwrap();
        let mut added = 0;
        while added < left.len() {
            let event = EventData::builder().with_body(left[added].as_str()).build();
            if !batch.try_add_event_data(event, None).unwrap() {
                break;
            }
            added += 1;
        }
        timeout(TIMEOUT, producer.send_batch(batch, None)).await.unwrap().unwrap();
        left = &left[added..];
    }
}

/// As Azure Digital Twins writes times.
pub(crate) fn text(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");
    time.format(format).unwrap()
}

pub(crate) fn time(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

/// Milliseconds since 1970, as the API counts.
pub(crate) fn milliseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap()
}

/// A property of a twin gets a value.
pub(crate) fn update(twin: &str, key: &str, value: impl Into<Value>, time: OffsetDateTime) -> Value {
    let time = text(time);
    json!({
        "TimeStamp": time, "ServiceId": "chocolate-factory.api.weu.digitaltwins.azure.net", "Id": twin,
        "ModelId": format!("dtmi:com:microsoft:iot:e2e:digital_factory:{twin};1"), "Key": key, "Value": value.into(),
        "Action": "Update", "EventId": format!("{twin}-{key}-{time}#0"),
    })
}

/// A property of a twin is removed.
pub(crate) fn removal(twin: &str, key: &str, time: OffsetDateTime) -> Value {
    let mut record = update(twin, key, Value::Null, time);
    record["Action"] = json!("Delete");
    record
}

/// A twin begins or ends.
pub(crate) fn lifecycle(twin: &str, action: &str, time: OffsetDateTime) -> Value {
    let time = text(time);
    json!({
        "TimeStamp": time, "TwinId": twin, "ModelId": format!("dtmi:com:microsoft:iot:e2e:digital_factory:{twin};1"),
        "Action": action, "EventId": format!("{twin}-{action}-{time}#0"),
    })
}

/// A relationship from one twin to another begins.
pub(crate) fn relation(source: &str, name: &str, target: &str) -> Value {
    relation_at(source, name, target, "Create", time("2026-01-01T00:00:00Z"))
}

/// A relationship from one twin to another begins or ends.
pub(crate) fn relation_at(source: &str, name: &str, target: &str, action: &str, time: OffsetDateTime) -> Value {
    let time = text(time);
    json!({
        "TimeStamp": time, "RelationshipId": format!("{source}-{target}"), "Name": name, "Source": source,
        "Target": target, "Action": action, "EventId": format!("{source}-{target}-{time}#0"),
    })
}

/// The graph of the factory.
pub(crate) fn graph() -> Vec<Value> {
    let steps =
        ["GrindingStep", "FanningStep", "MouldingStep"].map(|step| relation("ProductionLine", "rel_runs_steps", step));
    let above = [
        relation("ChocolateFactory", "rel_has_floors", "FactoryFloor"),
        relation("FactoryFloor", "rel_runs_lines", "ProductionLine"),
    ];
    above.into_iter().chain(steps).collect()
}

/// What all machines report at a moment; `turn` counts the moments.
pub(crate) fn moment(turn: u32, time: OffsetDateTime) -> Vec<Value> {
    let t = f64::from(turn) / 2.0;
    let wave = |period: f64| (t * TAU / period).sin();
    // The same noise every day.
    let noise = |seed: f64| ((t * 12.9898 + seed * 78.233).sin() * 43_758.545_3).fract();
    let round = |value: f64| (value * 10_000.0).round() / 10_000.0;
    let mut records = vec![
        update("GrindingStep", "ChasisTemperature", round(204.0 + 6.0 * wave(150.0) + 1.2 * noise(12.9)), time),
        update("GrindingStep", "Force", round(307.0 + 22.0 * wave(47.0) + 7.0 * noise(78.2)), time),
        update("GrindingStep", "PowerUsage", round(96.0 + 9.0 * wave(90.0) + 3.0 * noise(37.7)), time),
        update("GrindingStep", "Vibration", round((117.0 + 4.0 * wave(31.0) + 9.0 * noise(4.1)).abs()), time),
        update("FanningStep", "FanSpeed", round(12.2 + 1.8 * wave(110.0) + 0.3 * noise(9.1)), time),
        update("FanningStep", "PowerUsage", round(71.0 + 6.0 * wave(130.0) + 2.0 * noise(21.3)), time),
        update("MouldingStep", "PowerUsage", round(52.0 + 4.0 * wave(70.0) + 1.5 * noise(63.7)), time),
    ];
    if turn.is_multiple_of(60) {
        records.push(update("FanningStep", "RoastingTime", 90 + i64::from(turn / 60 % 4) * 5, time));
        let state = ["Running", "Running", "Cleaning", "Idle"][usize::try_from(turn / 60 % 4).unwrap()];
        records.push(update("FanningStep", "State", state, time));
        records.push(update("MouldingStep", "FinalStep", turn.is_multiple_of(120), time));
    }
    records
}
