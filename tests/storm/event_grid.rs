//! Event Grid as far as a destination can tell: arrays of events, waiting for the answer, and delivering again after
//! anything but success, on its schedule.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    GRACE, delivery_timeout,
    ledger::Ledger,
    notifications::Generator,
    report::{Counts, Outcome},
};

/// 10 s, 30 s, 1 m, 5 m, 10 m, 30 m and 1 h, a thousand times faster. Event Grid goes on with longer ones and gives up
/// after 24 h; here the last one is repeated for as long as it takes.
const SCHEDULE: [u64; 7] = [10, 30, 60, 300, 600, 1_800, 3_600];

/// Longer than the bridge may take, so that lateness is measured and not cut off.
fn patience() -> Duration {
    3 * (delivery_timeout() + GRACE)
}

/// Where deliveries go.
#[derive(Debug)]
pub struct Destination {
    address: watch::Receiver<String>,
    http: reqwest::Client,
    counts: Arc<Counts>,
}

impl Destination {
    pub fn new(address: watch::Receiver<String>, counts: Arc<Counts>) -> Self {
        Self { address, http: reqwest::Client::new(), counts }
    }

    /// Tries once. `Some` is success, with what was set aside.
    async fn post(&self, events: &str) -> Option<Vec<Value>> {
        let url = format!("http://{}/function", *self.address.borrow());
        // The host's envelope, in which the events are JSON in a string.
        let body = json!({"Data": {"events": events}, "Metadata": {}}).to_string();
        let started = Instant::now();
        let answer = async {
            let answer = self.http.post(url).header("content-type", "application/json").body(body).send().await?;
            Ok::<_, reqwest::Error>((answer.status(), answer.bytes().await?))
        };
        match timeout(patience(), answer).await {
            Ok(Ok((status, body))) => {
                self.counts.count(Outcome::Answered(status.as_u16()), started.elapsed());
                status.is_success().then(|| dead_letters(&body))
            }
            // Killed before it answered, or not there.
            Ok(Err(_)) => {
                self.counts.count(Outcome::Broken, started.elapsed());
                None
            }
            Err(_) => {
                self.counts.count(Outcome::Unanswered, started.elapsed());
                None
            }
        }
    }
}

fn dead_letters(body: &[u8]) -> Vec<Value> {
    let answer: Value = serde_json::from_slice(body).unwrap();
    match &answer["Outputs"]["deadLetter"] {
        Value::Null => Vec::new(),
        Value::String(text) => serde_json::from_str(text).unwrap(),
        other => panic!("the output must be a string that holds JSON, not {other}"),
    }
}

/// Sends the notifications of its own twins, one delivery after the other.
#[derive(Debug)]
pub struct Sender {
    generator: Generator,
    rng: Rng,
    destination: Arc<Destination>,
    ledger: Arc<Ledger>,
}

impl Sender {
    pub fn new(number: usize, mut rng: Rng, destination: Arc<Destination>, ledger: Arc<Ledger>) -> Self {
        Self { generator: Generator::new(number, rng.fork()), rng, destination, ledger }
    }

    /// Sends until it is enough, and what was begun until it is acknowledged.
    pub async fn run(mut self, enough: CancellationToken) {
        while !enough.is_cancelled() {
            let delivery = self.ledger.next_delivery(&mut self.generator);
            let text = delivery.text();
            let mut pauses = SCHEDULE.into_iter().chain(std::iter::repeat(SCHEDULE[SCHEDULE.len() - 1]));
            self.destination.counts.delivery();
            let dead_letters = loop {
                if let Some(dead_letters) = self.destination.post(&text).await {
                    break dead_letters;
                }
                let pause = pauses.next().unwrap_or_default();
                sleep(Duration::from_millis(pause).mul_f64(self.rng.f64().mul_add(0.4, 0.8))).await;
            };
            self.ledger.acknowledged(&delivery, dead_letters);
        }
    }
}
