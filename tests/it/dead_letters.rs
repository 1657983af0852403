//! The store of dead letters over real sockets and on a real disk: what Azurite keeps is read by Microsoft's client, and
//! what goes wrong ends in time.

use std::{
    env, fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{Json, Router, extract::Query, http::StatusCode, routing::get};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::{net::TcpListener, process::Command, time::Instant};
use twin_bridge::{
    dead_letter::DeadLetter,
    dead_letters::{ContainerName, StorageAccess, StorageAccount, Store, StoreConfig, StoreError},
};
use twin_records::BadEvent;

use crate::{
    azurite::{ACCOUNT, Azurite, KEY, python_prints},
    handler::TIMEOUT,
};

const CONTAINER: &str = "dead-letter";

/// A letter of Event Grid's own, and one of Azure Digital Twins: where they lie and what they hold.
const OTHERS: [(&str, &str); 2] = [
    (
        "A SUBSCRIPTION, 100% ü/2026/11/8/5/7af5d5ee-8f7c-4c43-b2b4-e4f5c1a3ea1e.json",
        r#"[{"id":"g","deadLetterReason":"MaxDeliveryAttemptsExceeded"}]"#,
    ),
    ("twin-bridge/2026/11/27/01/7f0c.json", r#"{"specversion":"1.0","id":"a"}"#),
];

#[tokio::test]
async fn letters_are_read_by_microsofts_client() {
    let Some(azurite) = Azurite::start(&[]).await else { return };
    let store = store(&azurite.connection_string());
    assert_eq!(store.list().await.unwrap(), [], "no container yet");
    let event = r#"{"id":"e","data":{"v": 1.10}}"#;
    let letters: Vec<_> = (0..40).map(|number| format!(r#"{{"id":"{number}"}}"#)).collect();
    let letters: Vec<_> = letters.iter().map(|event| letter(event, "")).collect();
    store.write(&letters, soon()).await.unwrap();
    store.write(&[letter(event, "first")], soon()).await.unwrap();
    store.write(&[letter(event, "second")], soon()).await.unwrap();

    let blobs = azurite.read(CONTAINER).await;
    assert_eq!(blobs.len(), 41);
    let blobs: Vec<_> = blobs.iter().filter(|blob| blob.contains(r#""id":"e""#)).collect();
    let expected = serde_json::to_string(&[letter(event, "first")]).unwrap();
    assert_eq!(blobs, [&expected]);
}

#[tokio::test]
async fn an_operator_has_all_kinds_in_a_container() {
    let Some(azurite) = Azurite::start(&[]).await else { return };
    let store = store(&azurite.connection_string());
    store.write(&[letter(r#"{"id":"b"}"#, "")], soon()).await.unwrap();
    for (name, content) in OTHERS {
        azurite.write(CONTAINER, name, content).await;
    }
    azurite.write(CONTAINER, "notes.txt", "no letter").await;
    is_worked_through(&store).await;
    assert_eq!(azurite.read(CONTAINER).await.len(), 2, "the rewritten letter and the notes");
}

#[tokio::test]
async fn an_operator_has_all_kinds_in_a_folder() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("dead letters");
    let store = Store::new(StoreConfig::Folder(folder.clone()));
    assert_eq!(store.list().await.unwrap(), [], "no folder yet");
    store.write(&[letter(r#"{"id":"b"}"#, "first")], soon()).await.unwrap();
    store.write(&[letter(r#"{"id":"b"}"#, "second")], soon()).await.unwrap();
    for (name, content) in OTHERS {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), content).unwrap();
    }
    fs::write(folder.join("notes.txt"), "no letter").unwrap();
    is_worked_through(&store).await;
}

/// Three letters, of each kind one: the bridge's is rewritten, the others are taken away.
async fn is_worked_through(store: &Store) {
    let mut names = store.list().await.unwrap();
    // The service's times are whole seconds, so that any may be the first.
    names.sort_by_key(|name| OTHERS.iter().position(|(other, _)| *other == name.to_string()));
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names[0].to_string().starts_with("twin-bridge/"), "{names:?}");

    let own = store.read(&names[0]).await.unwrap().unwrap();
    let letters: Vec<Value> = serde_json::from_slice(&own.bytes).unwrap();
    assert_eq!(letters[0]["deadLetterReason"], BadEvent::NoPatch.to_string());
    assert!(store.rewrite(&names[0], &own.version, b"[2]".into()).await.unwrap());
    assert!(!store.rewrite(&names[0], &own.version, b"[3]".into()).await.unwrap(), "it has changed");
    assert!(!store.delete(&names[0], &own.version).await.unwrap(), "it has changed");
    assert_eq!(store.read(&names[0]).await.unwrap().unwrap().bytes, b"[2]");

    for (name, (_, content)) in names[1..].iter().zip(OTHERS) {
        let other = store.read(name).await.unwrap().unwrap();
        assert_eq!(String::from_utf8(other.bytes).unwrap(), content);
        assert!(store.delete(name, &other.version).await.unwrap());
        assert!(store.delete(name, &other.version).await.unwrap(), "it is gone");
        assert!(!store.rewrite(name, &other.version, b"[]".into()).await.unwrap(), "it is gone");
        assert_eq!(store.read(name).await.unwrap(), None);
    }
    assert_eq!(store.list().await.unwrap(), names[..1]);
}

#[tokio::test]
async fn a_signature_opens_the_account_and_a_wrong_key_does_not() {
    let Some(azurite) = Azurite::start(&[]).await else { return };
    let program = "import sys; from datetime import datetime; from azure.storage.blob import *; \
        print(generate_account_sas(sys.argv[1], sys.argv[2], ResourceTypes(container=True, object=True), \
        AccountSasPermissions(read=True, write=True, list=True, create=True, delete=True), datetime(2100, 1, 1)))";
    let signature = python_prints(program, &[ACCOUNT, KEY]).await;
    let text = format!("BlobEndpoint={};SharedAccessSignature={}", azurite.endpoint, signature.trim());
    let by_signature = store(&text);
    by_signature.write(&[letter("{}", "")], soon()).await.unwrap();
    let name = &by_signature.list().await.unwrap()[0];
    let read = by_signature.read(name).await.unwrap().unwrap();
    assert!(by_signature.delete(name, &read.version).await.unwrap());

    let stale = text.replace("se=2100", "se=2001");
    let error = store(&stale).write(&[letter("{}", "")], soon()).await.unwrap_err();
    assert_eq!(error.kind(), "storeDenied", "{error}");
    let secret = signature.split("sig=").nth(1).unwrap().split('&').next().unwrap();
    assert!(!format!("{error} {error:?} {by_signature:?}").contains(secret));

    let wrong = azurite.connection_string().replace(KEY, "d3Jvbmc=");
    let error = store(&wrong).write(&[letter("{}", "")], soon()).await.unwrap_err();
    assert_eq!(
        error.to_string().replace(azurite.endpoint.split('/').nth(2).unwrap(), "127.0.0.1"),
        "The container dead-letter of 127.0.0.1 denies access (403: AuthorizationFailure). Check the key or the signature in AzureWebJobsStorage, that the storage account allows it, and the firewall of the account."
    );
    assert!(!format!("{:?}", store(&azurite.connection_string())).contains(KEY));
}

#[tokio::test]
async fn storage_that_accepts_and_stays_silent_ends_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store_at(&listener);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            open.push(socket);
        }
    });
    // In a task, as the handler's deliveries are.
    let ends = tokio::spawn(async move { ends_in_time(&store).await });
    assert_eq!(ends.await.unwrap().kind(), "storeNoAnswer");
}

#[tokio::test]
async fn storage_that_is_busy_for_ever_ends_in_time_and_is_written_to_after() {
    // 503 until a bit of time has passed, then what it takes.
    let (store, asked) = fake(|asked| if asked < 100 { (503, "ServerBusy") } else { (201, "") }).await;
    let error = ends_in_time(&store).await;
    assert_eq!(error.kind(), "storeInterrupted");
    assert!(error.to_string().contains("(503: ServerBusy)"), "{error}");
    let attempts = asked.swap(100, Ordering::Relaxed);
    assert!((2..20).contains(&attempts), "{attempts}");
    store.write(&[letter("{}", "")], soon()).await.unwrap();

    let (store, asked) = fake(|asked| if asked < 3 { (500, "InternalError") } else { (201, "") }).await;
    store.write(&[letter("{}", "")], soon()).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

/// What looks like "it is there already" and is not.
#[tokio::test]
async fn a_conflict_is_no_success() {
    let (store, _) = fake(|_| (409, "ContainerBeingDeleted")).await;
    assert_eq!(ends_in_time(&store).await.kind(), "storeInterrupted");
    let (store, asked) = fake(|_| (409, "BlobImmutableDueToPolicy")).await;
    assert_eq!(ends_in_time(&store).await.kind(), "storeFailed");
    assert_eq!(asked.load(Ordering::Relaxed), 1, "not tried again");
    let (store, _) = fake(|_| (409, "")).await;
    assert_eq!(ends_in_time(&store).await.kind(), "storeFailed");
    let (store, _) = fake(|_| (409, "BlobAlreadyExists")).await;
    store.write(&[letter("{}", "")], soon()).await.unwrap();
}

#[tokio::test]
async fn storage_that_nobody_serves_is_told_as_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store_at(&listener);
    drop(listener);
    let error = ends_in_time(&store).await;
    assert!(error.to_string().contains("can't be reached (Connection refused"), "{error}");
}

/// TLS, a managed identity, and storage that looks at the token.
#[tokio::test]
async fn a_managed_identity_writes() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    certificate(folder.path());
    let oauth = ["--oauth", "basic", "--cert", &file("certificate.pem"), "--key", &file("key.pem")];
    let Some(azurite) = Azurite::start(&oauth).await else { return };
    let identity_endpoint = identity_endpoint().await;

    // The endpoint of the identity stands in the environment, which only a process of its own can have.
    let test = Command::new(env::current_exe().unwrap())
        .args(["--exact", "dead_letters::written_by_a_managed_identity", "--ignored", "--nocapture"])
        .env("IDENTITY_ENDPOINT", identity_endpoint)
        .env("IDENTITY_HEADER", "of this app")
        .env("SSL_CERT_FILE", file("authority.pem"))
        .env("BLOB_SERVICE", &azurite.endpoint)
        .output()
        .await
        .unwrap();
    let output = String::from_utf8(test.stdout).unwrap();
    assert!(test.status.success() && output.contains("1 passed"), "{output}");
}

#[tokio::test]
#[ignore = "started by the test above"]
async fn written_by_a_managed_identity() {
    let identity = |client_id: &str| StorageAccess::ManagedIdentity { client_id: Some(client_id.to_owned()) };
    let address = env::var("BLOB_SERVICE").unwrap();
    let store = |access| open(StorageAccount::at(&address, access).unwrap());
    let own = store(identity("the-bridge"));
    own.write(&[letter("{}", "")], soon()).await.unwrap();
    let name = &own.list().await.unwrap()[0];
    let read = own.read(name).await.unwrap().unwrap();
    assert!(own.delete(name, &read.version).await.unwrap());

    let error = store(identity("another")).write(&[letter("{}", "")], soon()).await.unwrap_err();
    assert_eq!(error.kind(), "storeDenied", "{error}");
    assert!(error.to_string().contains("since the identity gets no token"), "{error}");
}

/// The endpoint that Azure Functions gives an app with an identity.
async fn identity_endpoint() -> String {
    async fn token(Query(query): Query<Value>) -> Result<Json<Value>, StatusCode> {
        assert_eq!(query["resource"], "https://storage.azure.com");
        if query["client_id"] != "the-bridge" {
            return Err(StatusCode::BAD_REQUEST);
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({
            "aud": "https://storage.azure.com", "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
            "iat": now - 60, "nbf": now - 60, "exp": now + 3600,
        });
        let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let token = format!("{}.{}.c2ln", part(json!({"alg": "none", "typ": "JWT"})), part(claims));
        Ok(Json(json!({
            "access_token": token, "expires_on": (now + 3600).to_string(), "token_type": "Bearer",
            "resource": "https://storage.azure.com",
        })))
    }

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/msi/token", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/msi/token", get(token))).await });
    endpoint
}

/// Writes a certificate for 127.0.0.1 and its key, and that of the authority that vouches for it.
fn certificate(folder: &Path) {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(authority, rcgen::KeyPair::generate().unwrap()).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    fs::write(folder.join("authority.pem"), authority.pem()).unwrap();
    fs::write(folder.join("certificate.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

/// Storage that answers the n-th request with a status and a code of its own; and how many there were.
async fn fake(
    answer: impl Fn(usize) -> (u16, &'static str) + Clone + Send + Sync + 'static,
) -> (Store, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store_at(&listener);
    let router = Router::new().fallback({
        let asked = Arc::clone(&asked);
        move || async move {
            let (status, code) = answer(asked.fetch_add(1, Ordering::Relaxed));
            let headers =
                [("x-ms-error-code", code), ("etag", "\"1\""), ("last-modified", "Thu, 26 Nov 2026 00:00:00 GMT")];
            (StatusCode::from_u16(status).unwrap(), headers)
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (store, asked)
}

/// Writes a letter, for which there is a second, and answers why that failed.
async fn ends_in_time(store: &Store) -> StoreError {
    let deadline = Instant::now() + Duration::from_secs(1);
    let error = store.write(&[letter("{}", "")], deadline).await.unwrap_err();
    assert!(Instant::now() < deadline + Duration::from_millis(500), "{error}");
    error
}

fn letter<'a>(event: &'a str, received_at: &'a str) -> DeadLetter<'a> {
    DeadLetter { event, reason: BadEvent::NoPatch.into(), received_at }
}

fn soon() -> Instant {
    Instant::now() + TIMEOUT
}

fn store(connection_string: &str) -> Store {
    open(StorageAccount::parse(connection_string).unwrap())
}

fn store_at(listener: &TcpListener) -> Store {
    let address = listener.local_addr().unwrap();
    store(&format!("AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint=http://{address}/{ACCOUNT}"))
}

fn open(account: StorageAccount) -> Store {
    Store::new(StoreConfig::Container { name: ContainerName::parse(CONTAINER).unwrap(), account })
}
