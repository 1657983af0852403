//! Event Grid as far as a destination can tell: arrays of events, waiting for the answer, and delivering again after
//! anything but success, on its schedule.

use std::{
    fs,
    path::{Path, PathBuf},
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
use walkdir::WalkDir;

use crate::{
    GRACE, delivery_timeout,
    ledger::{Ledger, without_reason},
    notifications::Generator,
    report::{Counts, Outcome},
    way::Way,
};

/// 10 s, 30 s, 1 m, 5 m, 10 m, 30 m and 1 h, a thousand times faster. Event Grid goes on with longer ones and gives up
/// after 24 h; here the last one is repeated for as long as it takes.
const SCHEDULE: [u64; 7] = [10, 30, 60, 300, 600, 1_800, 3_600];

/// Longer than the bridge may take, so that lateness is measured and not cut off.
fn client_timeout() -> Duration {
    3 * (delivery_timeout() + GRACE)
}

/// Where deliveries go.
#[derive(Debug)]
pub struct Destination {
    address: watch::Receiver<String>,
    way: Way,
    /// Where the bridge keeps dead letters.
    dead_letters: PathBuf,
    http: reqwest::Client,
    counts: Arc<Counts>,
}

impl Destination {
    pub fn new(address: watch::Receiver<String>, way: Way, dead_letters: &Path, counts: Arc<Counts>) -> Self {
        Self { address, way, dead_letters: dead_letters.to_owned(), http: reqwest::Client::new(), counts }
    }

    /// Tries once. Answers whether it was a success.
    async fn post(&self, events: &str) -> bool {
        let address = self.address.borrow().clone();
        let (url, body) = match self.way {
            Way::Webhook => (format!("http://{address}/api/events?code=key"), events.to_owned()),
            // The host's envelope, in which the events are JSON in a string.
            _ => {
                (format!("http://{address}/function"), json!({"Data": {"events": events}, "Metadata": {}}).to_string())
            }
        };
        let started = Instant::now();
        let answer = async {
            let request = self.http.post(url).header("content-type", "application/json; charset=utf-8");
            let answer = request.header("aeg-event-type", "Notification").body(body).send().await?;
            let status = answer.status();
            answer.bytes().await?;
            Ok::<_, reqwest::Error>(status)
        };
        let (outcome, is_success) = match timeout(client_timeout(), answer).await {
            Ok(Ok(status)) => (Outcome::Answered(status.as_u16()), status.is_success()),
            // Killed before it answered, or not there.
            Ok(Err(_)) => (Outcome::Broken, false),
            Err(_) => (Outcome::Unanswered, false),
        };
        self.counts.count(outcome, started.elapsed());
        is_success
    }

    /// The dead letters that are kept of a delivery; others leave them be.
    fn dead_letters(&self, delivery: &str) -> Vec<Value> {
        let events: Vec<Value> = serde_json::from_str(delivery).unwrap();
        let files = WalkDir::new(&self.dead_letters).into_iter().filter_map(Result::ok);
        // What has another name was being written when the bridge was killed.
        let files = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "json"));
        let letters = files.filter_map(|file| {
            // One that is being written, or that another sender has taken away meanwhile, is none of ours.
            let letters: Vec<Value> = serde_json::from_slice(&fs::read(file.path()).ok()?).ok()?;
            let is_ours = letters.iter().any(|letter| events.contains(&without_reason(letter.clone())));
            is_ours.then(|| fs::remove_file(file.path())).map(|_| letters)
        });
        letters.flatten().collect()
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
        Self { generator: Generator::new(number, number.is_multiple_of(2), rng.fork()), rng, destination, ledger }
    }

    /// Sends until it is enough, and what was begun until it is acknowledged.
    pub async fn run(mut self, enough: CancellationToken) {
        while !enough.is_cancelled() {
            let delivery = self.ledger.next_delivery(&mut self.generator);
            let text = delivery.text();
            let mut pauses = SCHEDULE.into_iter().chain(std::iter::repeat(SCHEDULE[SCHEDULE.len() - 1]));
            self.destination.counts.delivery();
            while !self.destination.post(&text).await {
                let pause = pauses.next().unwrap_or_default();
                sleep(Duration::from_millis(pause).mul_f64(self.rng.f64().mul_add(0.4, 0.8))).await;
            }
            self.ledger.acknowledged(&delivery, self.destination.dead_letters(&text));
        }
    }
}
