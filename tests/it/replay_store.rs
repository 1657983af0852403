//! `twin-bridge replay` of what lies where dead letters are kept: what the hub has accepted is deleted, and nothing else.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Output, Stdio},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use local_azure::event_hubs::{Answer, EventHubs};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Child, time::Instant};
use twin_bridge::{
    dead_letter::DeadLetter,
    dead_letters::{ContainerName, StorageAccount, Store, StoreConfig},
};
use twin_records::BadEvent;

use crate::{
    azurite::{ACCOUNT, Azurite, KEY},
    handler::{TIMEOUT, command, hub, settings, update},
};

/// Where the bridge puts an event.
const OWN: &str = "twin-bridge/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a.json";
const EVENT_GRIDS: &str = "TWIN-BRIDGE-WEBHOOK/2026/11/27/5/7af5d5ee-8f7c-4c43-b2b4-e4f5c1a3ea1e.json";
const DIGITAL_TWINS: &str = "twin-bridge/2026/11/27/01/7f0c0000-0000-0000-0000-000000000000.json";

/// As Azure Digital Twins puts an event that its endpoint did not take: alone, as a `CloudEvent`, without the path of the
/// instance.
const OF_DIGITAL_TWINS: &str = r#"{"specversion":"1.0","id":"7f0c","type":"Microsoft.DigitalTwins.Twin.Create","source":"plant.api.weu.digitaltwins.azure.net","data":{"$dtId":"room 1","$etag":"W/\"1\"","$metadata":{"$model":"dtmi:example:Room;1"}},"subject":"room 1","time":"2026-11-27T01:11:49.3667224Z","datacontenttype":"application/json","traceparent":"00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01"}"#;

/// An event that can be recorded.
fn good(id: &str) -> Value {
    update(id, "t", &[("/a", json!(1))])
}

/// One whose operation can't be understood.
fn bad(id: &str) -> Value {
    let mut event = good(id);
    event["data"]["data"]["patch"][0]["op"] = json!("mend me");
    event
}

/// As the bridge puts it.
fn set_aside(mut event: Value) -> Value {
    event["deadLetterReason"] = json!("The event can't be recorded.");
    event["lastDeliveryOutcome"] = json!("BadRequest");
    event["lastDeliveryAttemptTime"] = json!("2026-11-27T05:00:00.0000000Z");
    event
}

/// As Event Grid puts it.
fn given_up(mut event: Value) -> Value {
    event["deadLetterReason"] = json!("MaxDeliveryAttemptsExceeded");
    event["deliveryAttempts"] = json!(30);
    event["lastDeliveryOutcome"] = json!("Unauthorized");
    event["lastHttpStatusCode"] = json!(401);
    event["publishTime"] = json!("2026-11-27T04:00:00.1Z");
    event["lastDeliveryAttemptTime"] = json!("2026-11-27T05:00:00.1Z");
    event
}

/// One of each kind, with one event that is none of Azure Digital Twins'.
fn all_kinds() -> [(&'static str, String); 5] {
    let foreign = json!({"id": "x", "eventType": "Microsoft.Storage.BlobCreated"});
    [
        (OWN, json!([set_aside(good("own"))]).to_string()),
        (EVENT_GRIDS, json!([given_up(good("grid")), given_up(foreign), given_up(good("grid 2"))]).to_string()),
        (DIGITAL_TWINS, OF_DIGITAL_TWINS.to_owned()),
        // The host's, of before, and opened in an editor since.
        ("0b1c.json", format!("\u{feff}{}", serde_json::to_string_pretty(&json!([good("host")])).unwrap())),
        ("empty.json", "[]".to_owned()),
    ]
}

fn folder<'a>(files: impl IntoIterator<Item = (&'a str, String)>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        write(&folder, name, &content);
    }
    folder
}

fn write(folder: &TempDir, name: &str, content: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// What a folder holds, by name.
fn files(folder: &TempDir) -> BTreeMap<String, String> {
    let entries = walkdir::WalkDir::new(folder.path()).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let name = |path: &Path| path.strip_prefix(folder.path()).unwrap().display().to_string();
    files.map(|file| (name(file.path()), fs::read_to_string(file.path()).unwrap())).collect()
}

fn place(folder: &TempDir) -> (&'static str, String) {
    ("DEAD_LETTERS", format!("file://{}", folder.path().display()))
}

fn start(hub: &EventHubs, store: (&str, String), arguments: &[&str]) -> Child {
    let mut command = command();
    command.arg("replay").args(arguments).envs(settings(hub)).env(store.0, store.1).env("DELIVERY_TIMEOUT", "1s");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

async fn replay(hub: &EventHubs, store: (&str, String), arguments: &[&str]) -> Ended {
    Ended::of(start(hub, store, arguments).wait_with_output().await.unwrap())
}

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Ended with this exit code and this last line, and said this.
    #[track_caller]
    fn is(&self, code: i32, line: &str, said: &str) {
        let Self { stdout, stderr, .. } = self;
        assert_eq!((self.code, stdout.lines().last()), (Some(code), Some(line)), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
    }
}

/// The ids of all records, sorted.
fn ids(hub: &EventHubs) -> Vec<String> {
    let record = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap();
    let events = hub.events("twins");
    let mut ids: Vec<_> =
        events.iter().map(|event| record(&event.body)["EventId"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn all_kinds_in_a_folder_reach_the_hub_and_go() {
    let hub = hub();
    let folder = folder(all_kinds());
    write(&folder, "notes.txt", "no dead letter");
    let before = files(&folder);

    let dry = replay(&hub, place(&folder), &["--dry-run"]).await;
    dry.is(0, "would forward 5 (records 5), still bad 0, ignored 1", "Nothing would be left in the folder");
    let of_event_grid = format!("{EVENT_GRIDS}: would forward 2 (records 2), still bad 0, ignored 1");
    assert!(dry.stdout.lines().any(|line| line == of_event_grid), "{}", dry.stdout);
    assert_eq!((ids(&hub), files(&folder)), (vec![], before));

    let first = replay(&hub, place(&folder), &[]).await;
    first.is(0, "forwarded 5 (records 5), still bad 0, ignored 1", "Nothing is left in the folder");
    assert_eq!(ids(&hub), ["7f0c#0", "grid 2#0", "grid#0", "host#0", "own#0"]);
    assert_eq!(files(&folder).into_keys().collect::<Vec<_>>(), ["notes.txt"]);
    let records = hub.events("twins");
    let records: Vec<Value> = records.iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect();
    let created = records.iter().find(|record| record["EventId"] == "7f0c#0").unwrap();
    assert_eq!(created["ServiceId"], "plant.api.weu.digitaltwins.azure.net");

    let again = replay(&hub, place(&folder), &[]).await;
    again.is(0, "forwarded 0 (records 0), still bad 0, ignored 0", "There are no dead letters in the folder");
}

#[tokio::test]
async fn all_kinds_in_a_container_reach_the_hub_and_go() {
    let Some(azurite) = Azurite::start(&[]).await else { return };
    let store = || ("AzureWebJobsStorage", azurite.connection_string());
    let hub = hub();
    let none = replay(&hub, store(), &[]).await;
    none.is(
        0,
        "forwarded 0 (records 0), still bad 0, ignored 0",
        "There are no dead letters in the container dead-letter",
    );

    // The bridge's own makes the container.
    let account = StorageAccount::parse(&azurite.connection_string()).unwrap();
    let container = ContainerName::parse("dead-letter").unwrap();
    let (event, received_at) = (good("mended").to_string(), "2026-11-27T05:00:00.0000000Z");
    let letter = DeadLetter { event: &event, reason: BadEvent::NoPatch.into(), received_at };
    let own = Store::new(StoreConfig::Container { name: container, account });
    own.write(&[letter], Instant::now() + TIMEOUT).await.unwrap();
    azurite.write("dead-letter", "still/bad.json", &json!([good("beside"), bad("bad")]).to_string()).await;
    for (name, content) in all_kinds() {
        azurite.write("dead-letter", name, &content).await;
    }
    let output = replay(&hub, store(), &[]).await;
    output.is(2, "forwarded 7 (records 7), still bad 1, ignored 1", "1 of 7 blobs stay in the container dead-letter");
    assert_eq!(ids(&hub), ["7f0c#0", "beside#0", "grid 2#0", "grid#0", "host#0", "mended#0", "own#0"]);
    let left = azurite.read("dead-letter").await;
    let [left] = &*left else { panic!("{left:?}") };
    let left: Vec<Value> = serde_json::from_str(left).unwrap();
    assert_eq!((left.len(), &left[0]["id"]), (1, &json!("bad")));
}

#[tokio::test]
async fn what_is_still_bad_stays_with_its_new_reason() {
    let hub = hub();
    let broken = r#"[{"id":"#;
    let folder = folder([
        (EVENT_GRIDS, json!([given_up(bad("bad")), given_up(good("good")), 1.5]).to_string()),
        (DIGITAL_TWINS, OF_DIGITAL_TWINS.replace(r#""data":{"#, r#""data":1,"_":{"#)),
        ("broken.json", broken.to_owned()),
        ("blank.json", String::new()),
    ]);
    let line = "forwarded 1 (records 1), still bad 5, ignored 0";
    let dry = replay(&hub, place(&folder), &["--dry-run"]).await;
    dry.is(2, &line.replace("forwarded", "would forward"), "4 of 4 blobs stay in the folder");
    let first = replay(&hub, place(&folder), &[]).await;
    first.is(2, line, "4 of 4 blobs stay in the folder");
    assert!(first.stderr.contains("still bad: broken.json: It is not JSON"), "{}", first.stderr);
    assert!(
        first.stderr.contains(&format!("still bad: {EVENT_GRIDS}: The event can't be recorded")),
        "{}",
        first.stderr
    );
    assert_eq!(ids(&hub), ["good#0"]);

    let left = files(&folder);
    assert_eq!((&*left["broken.json"], &*left["blank.json"]), (broken, ""));
    let letters: Vec<Value> = serde_json::from_str(&left[EVENT_GRIDS]).unwrap();
    assert_eq!((letters.len(), &letters[0]["id"], &letters[1]["event"]), (2, &json!("bad"), &json!(1.5)));
    assert!(
        letters[0]["deadLetterReason"].as_str().unwrap().contains("operation 0"),
        "the new reason, not the old one"
    );
    assert_eq!(
        (&letters[0]["lastDeliveryOutcome"], letters[0].get("lastHttpStatusCode")),
        (&json!("BadRequest"), None)
    );
    let created: Vec<Value> = serde_json::from_str(&left[DIGITAL_TWINS]).unwrap();
    assert_eq!((created.len(), &created[0]["id"]), (1, &json!("7f0c")));
    assert!(created[0]["deadletterreason"].is_string());

    write(&folder, EVENT_GRIDS, &left[EVENT_GRIDS].replace("mend me", "replace"));
    let mended = replay(&hub, place(&folder), &[]).await;
    mended.is(2, "forwarded 1 (records 1), still bad 4, ignored 0", "4 of 4 blobs stay");
    assert_eq!(ids(&hub), ["bad#0", "good#0"]);
}

#[tokio::test]
async fn an_event_in_two_blobs_is_stored_once_and_both_go() {
    let hub = hub();
    let folder = folder([
        (OWN, json!([set_aside(good("e"))]).to_string()),
        (EVENT_GRIDS, json!([given_up(good("e")), given_up(good("f")), given_up(good("f"))]).to_string()),
    ]);
    replay(&hub, place(&folder), &[]).await.is(0, "forwarded 4 (records 2), still bad 0, ignored 0", "Nothing is left");
    assert_eq!(ids(&hub), ["e#0", "f#0"]);
    assert!(files(&folder).is_empty());
}

#[tokio::test]
async fn a_blob_that_is_changed_meanwhile_is_left_alone() {
    for events in [json!([good("e")]), json!([good("e"), bad("b")])] {
        let hub = hub();
        let folder = folder([(OWN, events.to_string())]);
        hub.faults().answer(Answer::Hold);
        let replay = start(&hub, place(&folder), &[]);
        assert!(hub.wait_until(TIMEOUT, |hub| !hub.events("twins").is_empty()).await);
        let changed = json!([set_aside(bad("another"))]).to_string();
        write(&folder, OWN, &changed);
        hub.faults().answer(Answer::Accept);

        let output = Ended::of(replay.wait_with_output().await.unwrap());
        let bad = events.as_array().unwrap().len() - 1;
        let line = format!("forwarded 1 (records 1), still bad {bad}, ignored 0");
        output.is(2, &line, &format!("left alone: {OWN} was changed meanwhile"));
        assert_eq!(files(&folder)[OWN], changed);
    }
}

#[tokio::test]
async fn an_interrupted_replay_has_lost_nothing() {
    for signal in [Signal::TERM, Signal::INT] {
        let hub = hub();
        let events: Vec<_> = (0..500).map(|number| given_up(good(&number.to_string()))).collect();
        let folder =
            folder([(EVENT_GRIDS, json!(events).to_string()), (OWN, json!([set_aside(bad("b"))]).to_string())]);
        let before = files(&folder);
        // The first part of the events is held.
        hub.faults().answer(Answer::Hold);
        let child = start(&hub, place(&folder), &[]);
        assert!(hub.wait_until(TIMEOUT, |hub| !hub.events("twins").is_empty()).await);
        kill_process(Pid::from_raw(child.id().unwrap().cast_signed()).unwrap(), signal).unwrap();
        let output = Ended::of(child.wait_with_output().await.unwrap());
        assert_eq!(output.code, Some(1), "{}", output.stderr);
        assert!(output.stderr.contains("To go on, run it again"), "{}", output.stderr);
        assert_eq!(files(&folder)[EVENT_GRIDS], before[EVENT_GRIDS]);

        hub.faults().heal();
        let again = replay(&hub, place(&folder), &[]).await;
        again.is(2, "forwarded 500 (records 500), still bad 1, ignored 0", "1 of 2 blobs stay");
        let mut ids = ids(&hub);
        ids.dedup();
        assert_eq!(ids.len(), 500);
    }
}

#[tokio::test]
async fn a_hub_that_refuses_leaves_all_where_it_is() {
    let hub = hub();
    let folder = folder(all_kinds().into_iter().filter(|(name, _)| *name != "empty.json"));
    let before = files(&folder);
    let wrong = hub.connection_string("twins").replace("SharedAccessKey=", "SharedAccessKey=wrong");
    let (name, place) = place(&folder);
    let output = command().arg("replay").env("EVENT_HUB", wrong).env(name, place).output().await.unwrap();
    let output = Ended::of(output);
    output.is(1, "forwarded 0 (records 0), still bad 0, ignored 0", "The event hub denies access");
    assert_eq!(files(&folder), before);
}

/// Storage that lists one blob and refuses to delete it; and what it was asked.
async fn storage_that_keeps_all() -> (String, Arc<Mutex<Vec<Method>>>) {
    let asked = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/{ACCOUNT}", listener.local_addr().unwrap());
    let router = Router::new().fallback({
        let asked: Arc<Mutex<Vec<_>>> = Arc::clone(&asked);
        move |request: Request| async move {
            asked.lock().unwrap().push(request.method().clone());
            blob_or_list(&request)
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint}"), asked)
}

fn blob_or_list(request: &Request) -> Response {
    let headers = [("etag", "\"1\""), ("last-modified", "Fri, 27 Nov 2026 05:00:00 GMT")];
    let list = format!(
        "<EnumerationResults><Blobs><Blob><Name>{OWN}</Name><Properties><Last-Modified>Fri, 27 Nov 2026 05:00:00 GMT</Last-Modified><Content-Length>1</Content-Length><Content-Type>application/json</Content-Type><Etag>1</Etag></Properties></Blob></Blobs><NextMarker/></EnumerationResults>"
    );
    match (request.method(), request.uri().query()) {
        (&Method::GET, Some(query)) if query.contains("comp=list") => list.into_response(),
        (&Method::GET, _) => (headers, json!([good("e")]).to_string()).into_response(),
        _ => (StatusCode::FORBIDDEN, [("x-ms-error-code", "AuthorizationPermissionMismatch")]).into_response(),
    }
}

#[tokio::test]
async fn a_store_that_fails_ends_it_after_the_hub_has_the_events() {
    let hub = hub();
    let (storage, asked) = storage_that_keeps_all().await;
    let output = replay(&hub, ("AzureWebJobsStorage", storage), &[]).await;
    output.is(
        1,
        "forwarded 0 (records 0), still bad 0, ignored 0",
        &format!("error: {OWN}: The container dead-letter"),
    );
    assert!(output.stderr.contains("AuthorizationPermissionMismatch"), "{}", output.stderr);
    assert_eq!(ids(&hub), ["e#0"]);
    assert_eq!(*asked.lock().unwrap(), [Method::GET, Method::GET, Method::DELETE]);
}
