//! Events that were given up, as their readers find them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use local_azure::event_grid::{DeadLetters, Schema, Subscription};
use local_azure::functions_host::Storage;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::blob_reader::get;
use crate::emulator::{ACCOUNT, KEY, azurite, start};
use crate::support::{Answer, Topic, Webhook, event, subscription};

/// A subscription with dead letters in that folder.
fn into(folder: &Path, webhook: &Webhook) -> Subscription {
    let storage = Storage::Folder(folder.to_owned());
    let dead_letters = Some(DeadLetters { storage, container: "dead-letters".to_owned() });
    Subscription { dead_letters, ..subscription(webhook) }
}

/// The paths below a folder with the contents of the files.
pub(crate) fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(texts(&entry.path()).into_iter().map(|(path, content)| (format!("{name}/{path}"), content)));
        } else {
            found.push((name, fs::read_to_string(entry.path()).unwrap()));
        }
    }
    found
}

/// The same where the files are JSON.
fn files(folder: &Path) -> Vec<(String, Value)> {
    texts(folder).into_iter().map(|(path, text)| (path, serde_json::from_str(&text).unwrap())).collect()
}

/// Takes a member that is a time of now out of a dead letter.
fn take_recent(letter: &mut Value, member: &str) {
    let time = letter.as_object_mut().unwrap().remove(member).unwrap_or_else(|| panic!("no {member}"));
    let text = time.as_str().unwrap();
    assert_eq!(text.len(), "2021-12-09T20:28:52.9795363Z".len());
    let age = OffsetDateTime::now_utc() - OffsetDateTime::parse(text, &Rfc3339).unwrap();
    assert!(age < time::Duration::minutes(5), "{member}: {text}");
}

#[tokio::test]
async fn an_event_that_failed_too_often_is_dead_lettered() {
    let folder = TempDir::new().unwrap();
    let webhook = Webhook::start(&[Answer::Status(503), Answer::Status(500)]).await;
    let subscription = Subscription { max_delivery_attempts: 3, ..into(folder.path(), &webhook) };
    let topic = Topic::start(Schema::EventGrid, subscription, |_| {}).await;
    topic.publish(&["a"]).await;
    let end = topic.until(|subscription| subscription.dead_lettered == 1 && subscription.held() == 0).await;
    assert_eq!((end.deliveries, end.failed_attempts, end.delivered, end.dropped), (3, 3, 0, 0));

    let [(path, mut letters)] = files(folder.path()).try_into().unwrap();
    let now = OffsetDateTime::now_utc();
    let parts: Vec<_> = path.split('/').collect();
    assert_eq!(parts[..3], ["dead-letters", "TO-THE-HOOK", now.year().to_string().as_str()], "{path}");
    assert!(parts[3..6].iter().all(|part| !part.starts_with('0') || *part == "0"), "no padding in {path}");
    assert_eq!(parts[6].len(), 36 + ".json".len(), "{path}");
    for member in ["publishTime", "lastDeliveryAttemptTime"] {
        take_recent(&mut letters[0], member);
    }
    let mut expected = event(Schema::EventGrid, "a");
    expected["deadLetterReason"] = "MaxDeliveryAttemptsExceeded".into();
    expected["deliveryAttempts"] = 3.into();
    expected["lastDeliveryOutcome"] = "GenericError".into();
    expected["lastHttpStatusCode"] = 500.into();
    assert_eq!(letters, json!([expected]));
}

#[tokio::test]
async fn what_is_hopeless_is_dead_lettered_at_once() {
    for (status, outcome) in [(400, "BadRequest"), (401, "Unauthorized"), (403, "Forbidden"), (413, "PayloadTooLarge")]
    {
        let folder = TempDir::new().unwrap();
        let webhook = Webhook::start(&[Answer::Status(status)]).await;
        let topic = Topic::start(Schema::CloudEvents, into(folder.path(), &webhook), |_| {}).await;
        topic.publish(&["a"]).await;
        topic.until(|subscription| subscription.dead_lettered == 1 && subscription.held() == 0).await;
        assert_eq!(webhook.received().len(), 1);

        let [(_, mut letters)] = files(folder.path()).try_into().unwrap();
        for member in ["publishtime", "lastdeliveryattempttime"] {
            take_recent(&mut letters[0], member);
        }
        let mut expected = event(Schema::CloudEvents, "a");
        expected["deadletterreason"] = "UndeliverableDueToClientError".into();
        expected["deliveryattempts"] = 1.into();
        expected["lastdeliveryoutcome"] = outcome.into();
        expected["lasthttpstatuscode"] = status.into();
        assert_eq!(letters, json!([expected]));
    }
}

#[tokio::test]
async fn an_event_that_is_too_old_is_dead_lettered_when_its_next_attempt_is_due() {
    let folder = TempDir::new().unwrap();
    let webhook = Webhook::start(&[Answer::Hold]).await;
    let subscription = Subscription { time_to_live: Duration::from_secs(60), ..into(folder.path(), &webhook) };
    let topic = Topic::start(Schema::EventGrid, subscription, |config| {
        config.time_scale = 0.001;
        // Longer than the time to live.
        config.limits.answer = Duration::from_millis(100);
    })
    .await;
    topic.publish(&["a"]).await;
    topic.until(|subscription| subscription.dead_lettered == 1 && subscription.held() == 0).await;
    assert_eq!(webhook.received().len(), 1);
    let [(_, letters)] = files(folder.path()).try_into().unwrap();
    assert_eq!(letters[0]["deadLetterReason"], "TimeToLiveExceeded");
    assert_eq!((&letters[0]["deliveryAttempts"], &letters[0]["lastDeliveryOutcome"]), (&json!(1), &json!("TimedOut")));
    assert_eq!(letters[0].get("lastHttpStatusCode"), None, "there was no answer");
}

#[tokio::test]
async fn an_endpoint_that_hangs_up_has_no_status() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut start = [0; 4];
            stream.read_exact(&mut start).await.unwrap();
            if start == *b"OPTI" {
                let agreed =
                    b"HTTP/1.1 200 OK\r\nwebhook-allowed-origin: *\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(agreed).await.unwrap();
                // Only the other side ends it, so that the answer is not lost in a reset.
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    });
    let folder = TempDir::new().unwrap();
    let storage = Storage::Folder(folder.path().to_owned());
    let dead_letters = Some(DeadLetters { storage, container: "dead-letters".to_owned() });
    let subscription = Subscription { dead_letters, max_delivery_attempts: 2, ..Subscription::new("hung-up", url) };
    let topic = Topic::start(Schema::CloudEvents, subscription, |_| {}).await;
    topic.publish(&["a"]).await;
    let end = topic.until(|subscription| subscription.dead_lettered == 1).await;
    assert!(end.last_problem.unwrap().contains("hung up"));
    let [(_, letters)] = files(folder.path()).try_into().unwrap();
    assert_eq!(
        (&letters[0]["lastdeliveryoutcome"], &letters[0]["deliveryattempts"]),
        (&json!("SocketError"), &json!(2))
    );
    assert_eq!(letters[0].get("lasthttpstatuscode"), None);
}

#[tokio::test]
async fn without_a_place_for_dead_letters_events_are_dropped() {
    let webhook = Webhook::start(&[Answer::Status(400)]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |_| {}).await;
    topic.publish(&["a", "b"]).await;
    let end = topic.until(|subscription| subscription.dropped == 2 && subscription.held() == 0).await;
    assert_eq!((end.dead_lettered, end.deliveries), (0, 2));
}

#[tokio::test]
async fn a_place_that_cannot_be_written_to_is_tried_for_hours() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("place");
    fs::write(&place, "a file, where a folder should be").unwrap();
    let webhook = Webhook::start(&[Answer::Status(400)]).await;
    let topic = Topic::start(Schema::EventGrid, into(&place, &webhook), |config| config.time_scale = 0.01).await;
    topic.publish(&["a"]).await;
    let stuck = |problem: &String| problem.starts_with("Dead letters can't be written");
    let waiting = topic.until(|subscription| subscription.last_problem.as_ref().is_some_and(stuck)).await;
    assert_eq!((waiting.held(), waiting.dead_lettered, waiting.dropped), (1, 0, 0));
    fs::remove_file(&place).unwrap();
    topic.until(|subscription| subscription.dead_lettered == 1 && subscription.held() == 0).await;
    assert_eq!(files(&place).len(), 1);

    // Four hours are 14.4 ms here.
    fs::remove_dir_all(&place).unwrap();
    fs::write(&place, "").unwrap();
    let topic = Topic::start(Schema::EventGrid, into(&place, &webhook), |config| config.time_scale = 1e-6).await;
    topic.publish(&["a"]).await;
    topic.until(|subscription| subscription.dropped == 1 && subscription.held() == 0).await;
}

#[tokio::test]
async fn dead_letters_are_written_to_azurite() {
    let Some(program) = azurite() else { return };
    let (_azurite, port) = start(&program).await;
    let webhook = Webhook::start(&[Answer::Status(400)]).await;
    let endpoint = format!("BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT}");
    let storage = Storage::Account(format!("AccountName={ACCOUNT};AccountKey={KEY};{endpoint};"));
    let dead_letters = Some(DeadLetters { storage, container: "dead-letters".to_owned() });
    let subscription = Subscription { dead_letters, ..subscription(&webhook) };
    let topic = Topic::start(Schema::EventGrid, subscription, |_| {}).await;
    topic.publish(&["a"]).await;
    topic.until(|subscription| subscription.dead_lettered == 1).await;

    let (_, list) = get(port, "dead-letters", &[("comp", "list"), ("restype", "container")]).await;
    let (name, _) = list.split_once("<Name>").unwrap().1.split_once('<').unwrap();
    assert!(name.starts_with("TO-THE-HOOK/"), "{list}");
    let (status, blob) = get(port, &format!("dead-letters/{name}"), &[]).await;
    let letters: Value = serde_json::from_str(&blob).unwrap();
    assert_eq!((status, &letters[0]["id"], &letters[0]["lastHttpStatusCode"]), (200, &json!("a"), &json!(400)));
}
