//! How fast a history is loaded, and how fast a window of it is answered, both over the wire: AMQP from the local hub,
//! HTTP to the page. `cargo bench -p explorer -- 10000000`; the number is that of the points.
//!
//! The hub, its producer and the explorer share one process and the machine, so that the explorer alone is faster.

// clippy.toml excepts test functions, but not a bench.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::cast_precision_loss, reason = "what can't go on has failed")]

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use event_hub_producer::{
    Access, Body, Client, Config as Hub, ConnectionString, Entry, EventHub, Group, Memory, Producer,
};
use explorer::{Admission, Config, Explorer, Limits, Source};
use local_azure::event_hubs::{self, EventHubs};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const SERIES: usize = 1_000;
/// Records in an event, as `EVENT_HUB_BODY=lines` packs those of a notification, and events in a round.
const PACKED: usize = 100;
const ROUND: usize = 2_000;

#[tokio::main]
async fn main() {
    let points = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(PACKED * ROUND);
    let hubs = EventHubs::start(event_hubs::Config { retention_bytes: 1 << 30, ..event_hubs::Config::default() });
    let hubs = hubs.unwrap();
    let string = hubs.connection_string("twins");
    let access = Access::ConnectionString(ConnectionString::parse(&string).unwrap());
    let config = Hub { name: "twins".to_owned(), access, body: Body::Lines, client: Client::Amqp };
    let producer = EventHub::start(config, Memory::new(1 << 30)).unwrap();

    // First what lies in the hub already, then the rest as it comes.
    let before = points.min(1_000_000);
    fill(&producer, 0..before).await;
    let start = Instant::now();
    let explorer = Explorer::start(Config {
        listen: ([127, 0, 0, 1], 0).into(),
        admission: Admission::default(),
        source: Source::of_connection_string(&string).unwrap(),
        limits: Limits::within(2 << 30),
    });
    let explorer = explorer.await.unwrap();
    read(&explorer, before).await;
    let seconds = start.elapsed().as_secs_f64();
    println!("{before} records in {seconds:.2} s: {:.0} a second", before as f64 / seconds);
    let mut sent = before;
    while sent < points {
        let next = points.min(sent + PACKED * ROUND);
        fill(&producer, sent..next).await;
        read(&explorer, next).await;
        sent = next;
    }
    println!("{:?}", explorer.counters());

    // One lively series with half of all points is what a window finds hardest.
    let end = 1_767_225_600_000_i64 + i64::try_from(points / SERIES).unwrap() * 1_000;
    let start = 1_767_225_600_000_i64;
    let quarter = (end - start) / 4;
    let ten: String = (0..10).fold(String::new(), |mut all, twin| {
        let _ = write!(all, "&series=Step{twin}/Force");
        all
    });
    for (what, query) in [
        ("overview", "api/overview".to_owned()),
        ("all of the lively one", "api/series?series=Lively/Force&width=1600".to_owned()),
        ("all of it, raw", "api/series?series=Lively/Force&width=1600&interval=raw".to_owned()),
        ("all of ten", format!("api/series?width=1600{ten}")),
        (
            "a quarter",
            format!("api/series?series=Lively/Force&width=1600&from={}&to={}{ten}", start + quarter, end - 2 * quarter),
        ),
        ("a minute", format!("api/series?series=Lively/Force&width=1600&from={}&to={}", end - 60_000, end)),
    ] {
        let mut times: Vec<Duration> = Vec::new();
        let mut bytes = 0;
        for _ in 0..20 {
            let begun = Instant::now();
            bytes = get(&explorer, &query).await;
            times.push(begun.elapsed());
        }
        times.sort();
        println!("{what}: {:?} (worst {:?}), {bytes} bytes", times[10], times[19]);
    }
}

/// Sends records: every other one of the lively twin, the rest of all others in turn.
async fn fill(producer: &EventHub, numbers: std::ops::Range<usize>) {
    let numbers: Vec<_> = numbers.collect();
    for round in numbers.chunks(PACKED * ROUND) {
        let mut groups = Vec::new();
        for event in round.chunks(PACKED) {
            let (mut text, mut entries) = (String::new(), Vec::new());
            for number in event {
                let twin = if number % 2 == 0 { "Lively".to_owned() } else { format!("Step{}", number / 2 % SERIES) };
                let time = time::OffsetDateTime::from_unix_timestamp_nanos(
                    1_767_225_600_000_000_000 + *number as i128 * 1_000_000_000 / SERIES as i128,
                )
                .unwrap();
                let format = time::macros::format_description!(
                    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z"
                );
                let value = ((number * 7_919) % 100_000) as f64 / 64.0;
                let _ = write!(
                    text,
                    r#"{{"TimeStamp":"{}","ServiceId":"factory.api.weu.digitaltwins.azure.net","Id":"{twin}","ModelId":"dtmi:com:factory:step;1","Key":"Force","Value":{value},"Action":"Update","EventId":"e{number}#0"}}"#,
                    time.format(format).unwrap()
                );
                entries.push(Entry { end: text.len(), table: None });
            }
            let key = format!("{}", event[0] / PACKED % 16);
            let id = format!("{}", event[0]);
            groups.push(Group { key, id, traceparent: None, text: text.into_bytes(), entries });
        }
        let memory = producer.memory().reserve(groups.iter().map(Group::bytes).sum()).await;
        let until = tokio::time::Instant::now() + Duration::from_secs(60);
        let report = producer.send(groups, memory, until).await;
        assert_eq!(report.error, None);
    }
}

async fn read(explorer: &Explorer, records: usize) {
    while explorer.counters().records < records as u64 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn get(explorer: &Explorer, path: &str) -> usize {
    let mut stream = TcpStream::connect(explorer.address()).await.unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
    answer.len()
}
