//! Ways in without a connection string: the managed identity's endpoint and the developer's login are stand-ins, TLS is
//! real, with a certificate of our own before the hub.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::HeaderMap,
    routing::get,
};
use local_azure::event_hubs::EventHubs;
use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{TlsAcceptor, rustls};

use super::producer;
use crate::handler::{Handler, TIMEOUT, hub, update};

const YEAR_2100: u64 = 4_102_444_800;

#[tokio::test]
async fn the_managed_identity_of_the_app_opens_the_hub() {
    let hub = hub();
    let folder = tempfile::tempdir().unwrap();
    let tls = tls(&hub, folder.path()).await;
    let (endpoint, asked) = identity_endpoint(YEAR_2100).await;
    let handler = Handler::with(settings(&[
        ("EVENT_HUB__fullyQualifiedNamespace", &format!("localhost:{}", tls.port())),
        ("EVENT_HUB_NAME", "twins"),
        ("EVENT_HUB__clientId", "the-bridge"),
        ("IDENTITY_ENDPOINT", &endpoint),
        ("IDENTITY_HEADER", "of this app"),
        ("SSL_CERT_FILE", folder.path().join("ca.pem").to_str().unwrap()),
    ]))
    .await;
    deliver(&handler, &hub).await;
    let asked = asked.borrow().clone();
    assert_eq!(asked[0]["client_id"], "the-bridge");
    assert_eq!(asked[0]["resource"], "https://eventhubs.azure.net");
    assert_eq!(asked.len(), 1, "one token serves all partitions");
}

/// A token is renewed four minutes before it expires, so one that is good for a few seconds more than that is renewed
/// within seconds, and deliveries go on all the while.
#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let hub = hub();
    let folder = tempfile::tempdir().unwrap();
    let tls = tls(&hub, folder.path()).await;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let (endpoint, asked) = identity_endpoint(now + 4 * 60 + 8).await;
    let handler = Handler::with(settings(&[
        ("EVENT_HUB__fullyQualifiedNamespace", &format!("localhost:{}", tls.port())),
        ("EVENT_HUB_NAME", "twins"),
        ("IDENTITY_ENDPOINT", &endpoint),
        ("IDENTITY_HEADER", "of this app"),
        ("SSL_CERT_FILE", folder.path().join("ca.pem").to_str().unwrap()),
    ]))
    .await;
    deliver(&handler, &hub).await;
    let started = Instant::now();
    for number in 0.. {
        if hub.connections().opened > 1 {
            break;
        }
        handler.deliver(&json!([update(&number.to_string(), "t", &[("/a", json!(1))])])).await.assert_delivered();
        assert!(started.elapsed() < TIMEOUT, "a new client takes over");
    }
    assert!(hub.wait_until(TIMEOUT, |hub| hub.connections().open == 1).await, "the old connection is closed");
    assert!(asked.borrow().len() > 1, "with a new token");
}

#[tokio::test]
async fn the_developers_login_opens_the_hub() {
    let hub = hub();
    let folder = tempfile::tempdir().unwrap();
    let tls = tls(&hub, folder.path()).await;
    // What `az account get-access-token` prints.
    let token = json!({"accessToken": "header.payload.signature", "expiresOn": "2100-01-01 00:00:00.000000", "expires_on": YEAR_2100, "tokenType": "Bearer"});
    let az = folder.path().join("az");
    let calls = folder.path().join("calls");
    fs::write(&az, format!("#!/bin/sh\necho \"$@\" >> '{}'\necho '{token}'\n", calls.display())).unwrap();
    fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let handler = Handler::with(settings(&[
        ("EVENT_HUB__fullyQualifiedNamespace", &format!("localhost:{}", tls.port())),
        ("EVENT_HUB_NAME", "twins"),
        ("PATH", &path),
        ("SSL_CERT_FILE", folder.path().join("ca.pem").to_str().unwrap()),
    ]))
    .await;
    deliver(&handler, &hub).await;
    let calls = fs::read_to_string(calls).unwrap();
    assert!(calls.contains("https://eventhubs.azure.net/.default"), "{calls}");
    assert_eq!(calls.lines().count(), 1, "one token serves all partitions");
}

#[tokio::test]
async fn no_login_at_all_is_told_as_denied() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub();
    let tls = tls(&hub, folder.path()).await;
    let handler = Handler::with(settings(&[
        ("EVENT_HUB__fullyQualifiedNamespace", &format!("localhost:{}", tls.port())),
        ("EVENT_HUB_NAME", "twins"),
        ("PATH", folder.path().to_str().unwrap()),
        ("SSL_CERT_FILE", folder.path().join("ca.pem").to_str().unwrap()),
    ]))
    .await;
    let answer = handler.deliver(&json!([update("e", "t", &[("/a", json!(1))])])).await;
    assert!(answer.reason(503).starts_with("The event hub denies access"), "{answer:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_told_as_unreachable() {
    let hub = hub();
    let folder = tempfile::tempdir().unwrap();
    let tls = tls(&hub, folder.path()).await;
    let string = hub
        .connection_string("twins")
        .replace("UseDevelopmentEmulator=true", "")
        .replace(&hub.address().to_string(), &format!("localhost:{}", tls.port()));
    let handler = Handler::with(settings(&[("EVENT_HUB", &string), ("DELIVERY_TIMEOUT", "2s")])).await;
    let answer = handler.deliver(&json!([update("e", "t", &[("/a", json!(1))])])).await;
    assert!(answer.reason(503).starts_with("The event hub can't be reached"), "{answer:?}");
    assert!(hub.events("twins").is_empty());
}

async fn deliver(handler: &Handler, hub: &EventHubs) {
    let events: Vec<_> =
        (0..20).map(|number| update(&format!("e{number}"), &format!("t{number}"), &[("/a", json!(1))])).collect();
    handler.deliver(&json!(events)).await.assert_delivered();
    assert_eq!(hub.wait_for("twins", 20, TIMEOUT).await.unwrap().len(), 20);
}

fn settings(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let settings = settings.iter().copied().chain([("EVENT_HUB_PRODUCER", producer())]);
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The endpoint that Azure Functions gives an app with an identity; and what was asked of it.
async fn identity_endpoint(expires_on: u64) -> (String, watch::Receiver<Vec<Value>>) {
    async fn token(
        State((asked, expires_on)): State<(Arc<watch::Sender<Vec<Value>>>, u64)>,
        Query(query): Query<Value>,
        headers: HeaderMap,
    ) -> Json<Value> {
        assert_eq!(headers["x-identity-header"], "of this app");
        asked.send_modify(|asked| asked.push(query));
        Json(
            json!({"access_token": "header.payload.signature", "expires_on": expires_on.to_string(), "token_type": "Bearer", "resource": "https://eventhubs.azure.net"}),
        )
    }

    let asked = Arc::new(watch::Sender::new(Vec::new()));
    let seen = asked.subscribe();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/msi/token", listener.local_addr().unwrap());
    let router = Router::new().route("/msi/token", get(token)).with_state((asked, expires_on));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (endpoint, seen)
}

/// TLS before the hub, for the name `localhost`; writes the authority's certificate to `ca.pem`.
async fn tls(hub: &EventHubs, folder: &Path) -> SocketAddr {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let authority = rcgen::CertifiedIssuer::self_signed(authority, authority_key).unwrap();
    fs::write(folder.join("ca.pem"), authority.pem()).unwrap();

    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let target = hub.address();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut inside = acceptor.accept(socket).await?;
                copy_bidirectional(&mut inside, &mut TcpStream::connect(target).await?).await
            });
        }
    });
    address
}
