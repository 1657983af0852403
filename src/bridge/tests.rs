//! Deliveries through the bridge with a producer that is played, and with paused time.

use std::{collections::HashMap, sync::Mutex};

use async_trait::async_trait;
use event_hub_producer::Report;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use super::*;
use crate::dead_letters::StoreConfig;

/// A producer that keeps what it is given and answers what the test says.
#[derive(Debug)]
struct Played {
    memory: Memory,
    /// The ids of the groups of each delivery.
    sent: Mutex<Vec<Vec<String>>>,
    /// What becomes of a group, by its id; all others are stored.
    outcomes: Mutex<HashMap<String, Outcome>>,
    /// Why it fails where a group is unsettled.
    error: SendError,
    takes: Duration,
}

impl Default for Played {
    fn default() -> Self {
        Self {
            memory: Memory::new(1 << 20),
            sent: Mutex::default(),
            outcomes: Mutex::default(),
            error: SendError::Throttled("busy".to_owned()),
            takes: Duration::ZERO,
        }
    }
}

impl Played {
    fn with(outcomes: &[(&str, Outcome)]) -> Arc<Self> {
        let played = Self::default();
        played.set(outcomes);
        Arc::new(played)
    }

    fn set(&self, outcomes: &[(&str, Outcome)]) {
        *self.outcomes.lock().unwrap() = outcomes.iter().map(|&(id, outcome)| (id.to_owned(), outcome)).collect();
    }

    fn sent(&self) -> Vec<Vec<String>> {
        self.sent.lock().unwrap().clone()
    }
}

#[async_trait]
impl Producer for Played {
    async fn send(&self, delivery: Vec<Group>, _: Reserved, deadline: Instant) -> Report {
        self.sent.lock().unwrap().push(delivery.iter().map(|group| group.id.clone()).collect());
        let outcomes = self.outcomes.lock().unwrap().clone();
        let outcome = |group: &Group| outcomes.get(&group.id).copied().unwrap_or(Outcome::Stored);
        let groups: Vec<_> = delivery.iter().map(outcome).collect();
        if timeout_at(deadline, sleep(self.takes)).await.is_err() {
            return Report { groups: vec![Outcome::Unsettled; groups.len()], error: Some(SendError::NoAnswer) };
        }
        let error = groups.contains(&Outcome::Unsettled).then(|| self.error.clone());
        Report { groups, error }
    }

    fn memory(&self) -> &Memory {
        &self.memory
    }

    fn status(&self) -> Status {
        Status::Ready
    }
}

fn config() -> Config {
    Config {
        records: twin_records::Config::default(),
        tables: None,
        delivery_timeout: Duration::from_secs(25),
        service_bus_timeout: Duration::from_secs(240),
    }
}

/// With a store of dead letters that goes away with the test.
fn bridge(producer: &Arc<Played>) -> (Bridge, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(StoreConfig::Folder(folder.path().to_owned()));
    (Bridge::new(Arc::clone(producer) as Arc<_>, Some(store), config()), folder)
}

async fn deliver(bridge: &Bridge, events: &[Value]) -> Result<Delivered, DeliveryError> {
    deliver_text(bridge, Value::from(events).to_string()).await
}

async fn deliver_text(bridge: &Bridge, events: String) -> Result<Delivered, DeliveryError> {
    let memory = bridge.memory().reserve(events.len()).await;
    let delivery = Delivery { events, ..Delivery::default() };
    bridge.deliver(&delivery, memory, Instant::now(), &mut Observation::default()).await
}

fn event(id: &str, event_type: &str, payload: &Value) -> Value {
    json!({
        "id": id, "eventType": event_type, "subject": "t", "eventTime": "2021-12-09T20:28:52.9795363Z",
        "data": {"data": payload}
    })
}

fn update(id: &str, paths: &[&str]) -> Value {
    let patch: Vec<_> = paths.iter().map(|path| json!({"op": "replace", "path": path, "value": 1})).collect();
    event(id, "Microsoft.DigitalTwins.Twin.Update", &json!({"patch": patch}))
}

fn telemetry(id: &str) -> Value {
    event(id, "microsoft.iot.telemetry", &json!({"noise": 40}))
}

/// The id and the outcome of each dead letter.
fn dead_letters(folder: &TempDir) -> Vec<(String, String)> {
    let files = walkdir::WalkDir::new(folder.path()).into_iter().map(Result::unwrap);
    let texts = files.filter(|file| file.file_type().is_file()).map(|file| std::fs::read(file.path()).unwrap());
    let letters: Vec<Value> = texts.flat_map(|text| serde_json::from_slice::<Vec<_>>(&text).unwrap()).collect();
    let word = |letter: &Value, name: &str| letter[name].as_str().unwrap_or_default().to_owned();
    let mut seen: Vec<_> =
        letters.iter().map(|letter| (word(letter, "id"), word(letter, "lastDeliveryOutcome"))).collect();
    seen.sort();
    seen
}

#[tokio::test(start_paused = true)]
async fn every_event_of_a_delivery_is_accounted_for() {
    let producer = Played::with(&[("too large", Outcome::TooLarge)]);
    let (bridge, folder) = bridge(&producer);
    let delivered = deliver(
        &bridge,
        &[
            update("good", &["/a", "/b"]),
            event("bad", "Microsoft.DigitalTwins.Twin.Update", &json!({"patch": 1})),
            event("foreign", "Contoso.Items.ItemReceived", &json!({})),
            update("empty", &["/$metadata/$model"]),
            update("too large", &["/a"]),
            update("good too", &["/a"]),
        ],
    )
    .await
    .unwrap();
    let expected = Counts { events: 6, records: 3, empty: 1, ignored: 1, repeats: 0, set_aside: 2 };
    assert_eq!(delivered.counts, expected);
    let expected = [("bad", "BadRequest"), ("too large", "PayloadTooLarge")];
    assert_eq!(dead_letters(&folder), expected.map(|(id, outcome)| (id.to_owned(), outcome.to_owned())));
    assert_eq!(producer.sent(), [["good", "too large", "good too"]]);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_the_hub_does_not_take_fails_at_its_deadline() {
    let producer = Arc::new(Played { takes: Duration::from_secs(60), ..Played::default() });
    let started = Instant::now();
    let (bridge, _folder) = bridge(&producer);
    let failed = deliver(&bridge, &[update("e", &["/a"])]).await.unwrap_err();
    assert_eq!((failed.kind(), started.elapsed()), ("noAnswer", Duration::from_secs(25)));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_finds_no_memory_fails_at_its_deadline() {
    let producer = Arc::new(Played { memory: Memory::new(1000), ..Played::default() });
    let (bridge, _folder) = bridge(&producer);
    let mut others = bridge.memory().reserve(300).await;
    others.resize(10_000).await;
    let events = [update("e", &["/a", "/b", "/c"])];
    let mut memory = bridge.memory().reserve(100).await;
    let text = Value::from(events.as_slice()).to_string();
    let received = Received::all(&text).unwrap();
    let deadline = Instant::now() + Duration::from_secs(25);
    let failed = bridge.forward(received, &[], "now", &mut memory, deadline, &mut Observation::default()).await;
    assert_eq!(failed.unwrap_err(), SendError::NoMemory);
    assert!(producer.sent().is_empty());
    drop(others);
}

/// In order, each at its own place, and nothing after what failed.
#[tokio::test]
async fn a_large_delivery_is_sent_piece_by_piece() {
    let large = |id: &str| {
        let mut event = telemetry(id);
        event["data"]["data"]["noise"] = json!("v".repeat(TOGETHER / 2));
        event
    };
    let events = Value::from(["a", "b", "c", "c", "d"].map(large).to_vec()).to_string();
    let positions = (0..5).map(|number| Position(number.to_string())).collect();
    let delivery = Delivery { events, positions, ..Delivery::default() };
    let producer = Played::with(&[("c", Outcome::Unsettled)]);
    let (bridge, _folder) = bridge(&producer);
    let deliver = || async {
        let memory = bridge.memory().reserve(delivery.events.len()).await;
        bridge.deliver(&delivery, memory, Instant::now(), &mut Observation::default()).await
    };
    deliver().await.unwrap_err();
    assert_eq!(producer.sent(), [["a"], ["b"], ["c"]]);
    producer.set(&[]);
    let counts = deliver().await.unwrap().counts;
    assert_eq!((counts.events, counts.records, counts.repeats), (5, 3, 2), "both c, each at its place");
    assert_eq!(producer.sent().concat(), ["a", "b", "c", "c", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_half_way_leaves_nothing_behind() {
    let producer = Arc::new(Played { takes: Duration::from_secs(20), ..Played::default() });
    let (bridge, _folder) = bridge(&producer);
    let events = [update("e", &["/a"])];
    assert!(tokio::time::timeout(Duration::from_secs(1), deliver(&bridge, &events)).await.is_err());
    // All of the memory is there again, and the event is not taken for one that is stored.
    drop(bridge.memory().reserve(1 << 20).await);
    assert_eq!(deliver(&bridge, &events).await.unwrap().counts.repeats, 0);
    assert_eq!(producer.sent().len(), 2);
}

/// One of many twins fails, and the array comes again: what was stored is not stored twice.
#[tokio::test(start_paused = true)]
async fn a_delivery_that_comes_once_more_stores_only_what_is_missing() {
    let ids: Vec<_> = (0..32).map(|number| format!("e{number}")).collect();
    let events: Vec<_> = ids.iter().map(|id| update(id, &["/a"])).collect();
    let producer = Played::with(&[("e7", Outcome::Unsettled)]);
    let (bridge, _folder) = bridge(&producer);
    assert_eq!(deliver(&bridge, &events).await.unwrap_err().kind(), "throttled");
    producer.set(&[]);
    let delivered = deliver(&bridge, &events).await.unwrap();
    assert_eq!(delivered.counts, Counts { events: 32, records: 1, repeats: 31, ..Counts::default() });
    assert_eq!(producer.sent()[1], ["e7"]);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_the_same_to_the_last_byte_is_a_repeat_and_telemetry_never_is() {
    let producer = Played::with(&[]);
    let (bridge, _folder) = bridge(&producer);
    let twice = [update("e", &["/a"]), update("e", &["/a"]), telemetry("m"), telemetry("m")];
    let delivered = deliver(&bridge, &twice).await.unwrap();
    assert_eq!(delivered.counts, Counts { events: 4, records: 3, repeats: 1, ..Counts::default() });
    let mut later = update("e", &["/a"]);
    later["eventTime"] = json!("2021-12-09T20:28:53.9795363Z");
    let delivered = deliver(&bridge, &[update("e", &["/b"]), later, telemetry("m")]).await.unwrap();
    assert_eq!(delivered.counts, Counts { events: 3, records: 3, ..Counts::default() });
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_set_aside_is_set_aside_again() {
    let producer = Played::with(&[("too large", Outcome::TooLarge)]);
    let (bridge, _folder) = bridge(&producer);
    for _ in 0..2 {
        let delivered = deliver(&bridge, &[update("too large", &["/a"])]).await.unwrap();
        assert_eq!(delivered.counts, Counts { events: 1, set_aside: 1, ..Counts::default() });
    }
}

/// What can't be kept can't be acknowledged; what is stored is stored, and not stored again.
#[tokio::test(start_paused = true)]
async fn without_a_store_a_delivery_with_a_bad_event_fails_and_its_neighbours_are_stored_once() {
    let producer = Played::with(&[]);
    let bridge = Bridge::new(Arc::clone(&producer) as Arc<_>, None, config());
    let bad = event("bad", "Microsoft.DigitalTwins.Twin.Update", &json!({"patch": 1}));
    for _ in 0..2 {
        let failed = deliver(&bridge, &[update("good", &["/a"]), bad.clone()]).await.unwrap_err();
        assert_eq!(failed.kind(), "deadLetters");
    }
    assert_eq!(producer.sent(), [vec!["good"], vec![]]);
    insta::assert_snapshot!(deliver(&bridge, &[bad]).await.unwrap_err(), @"Some events can't be recorded, and there is no store of dead letters to keep them in: set AzureWebJobsStorage, or DEAD_LETTERS to a file: URL. The first: The event can't be recorded: its patch is not an array of operations.");
}

/// Dead letters need time after the hub has had its own.
#[tokio::test(start_paused = true)]
async fn the_hub_has_less_time_where_there_are_dead_letters_to_write() {
    let producer = Arc::new(Played { takes: Duration::from_secs(60), ..Played::default() });
    let (bridge, _folder) = bridge(&producer);
    let bad = event("bad", "Microsoft.DigitalTwins.Twin.Update", &json!({"patch": 1}));
    let started = Instant::now();
    deliver(&bridge, &[update("good", &["/a"]), bad]).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_secs(22));
}

/// However deep it is, and whatever stands in its place.
#[tokio::test(start_paused = true)]
async fn an_event_that_can_not_be_read_at_all_is_set_aside_alone() {
    let producer = Played::with(&[]);
    let (bridge, folder) = bridge(&producer);
    let deep = format!(r#"{{"id":"deep","data":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let surrogate = r#"{"id":"half","data":{"\ud800":1}}"#;
    let text = format!("[{}, {deep}, {surrogate}, 5]", update("good", &["/a"]));
    let delivered = deliver_text(&bridge, text).await.unwrap();
    assert_eq!(delivered.counts, Counts { events: 4, records: 1, set_aside: 3, ..Counts::default() });
    let files = walkdir::WalkDir::new(folder.path()).into_iter().map(Result::unwrap);
    assert_eq!(files.filter(|file| file.file_type().is_file()).count(), 3);
}

#[test]
fn the_text_of_a_failure_names_the_setting_to_look_at() {
    let text = |error: SendError| DeliveryError::from(error).to_string();
    insta::assert_snapshot!(text(SendError::Unreachable("connection refused".to_owned())), @"The event hub can't be reached (connection refused). Check the name of the namespace, the network, and the firewall of the namespace. The namespace is set by EVENT_HUB or EVENT_HUB__fullyQualifiedNamespace. The events are delivered again.");
    insta::assert_snapshot!(text(SendError::Denied("401: wrong key".to_owned())), @"The event hub denies access (401: wrong key). Check the key in the connection string, or that the identity has the role Azure Event Hubs Data Sender on the hub. The key is set by EVENT_HUB, the identity by EVENT_HUB__clientId. The events are delivered again.");
    insta::assert_snapshot!(text(SendError::NotFound("404".to_owned())), @"The event hub does not exist in its namespace (404). Check its name. The name is set by EVENT_HUB_NAME, or by EntityPath in EVENT_HUB. The events are delivered again.");
    insta::assert_snapshot!(text(SendError::NoAnswer), @"The event hub does not answer. Check the health of the namespace. The events are delivered again.");
}
