//! The token of the identity goes to an instance over TLS, and nowhere else. The identity's endpoint is a stand-in, TLS is
//! real, with a certificate of our own.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use axum::{Json, Router, extract::Query, http::HeaderMap, routing::get};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::{program::call, support::Site};

const AUTHORIZATION: &str = "authorization: Bearer header.payload.signature\r\n";

#[tokio::test]
async fn a_token_goes_over_tls() {
    let site = Site::start().await;
    let folder = tempfile::tempdir().unwrap();
    let acceptor = acceptor(folder.path());
    let (address, mut requests) = listen_in(site.twins.address(), Some(acceptor)).await;
    let (endpoint, mut asked) = identity_endpoint().await;
    let url = format!("https://localhost:{}", address.port());
    let certificate = folder.path().join("ca.pem");
    let environment = [
        ("IDENTITY_ENDPOINT", endpoint.as_str()),
        ("IDENTITY_HEADER", "of this app"),
        ("AZURE_CLIENT_ID", "the-factory"),
        ("SSL_CERT_FILE", certificate.to_str().unwrap()),
        ("NO_PROXY", "localhost"),
    ];
    let (good, text) = call(&url, &["--for", "0s"], &environment, "").await;
    assert!(good && text.starts_with("Uploaded: 8 models, 6 twins, 5 relationships."), "{text}");
    requests.close();
    let mut sent = String::new();
    while let Some(part) = requests.recv().await {
        sent += &part;
    }
    // The models are asked for and uploaded, then each twin and each relationship.
    assert!(sent.matches("api-version=2023-10-31").count() >= 2 + 6 + 5, "{sent}");
    assert_eq!(sent.matches(" HTTP/1.1\r\n").count(), sent.matches(AUTHORIZATION).count(), "{sent}");
    let first = asked.recv().await.unwrap();
    assert_eq!(first["client_id"], "the-factory");
    assert_eq!(first["resource"], "https://digitaltwins.azure.net");
    assert!(asked.try_recv().is_err(), "one token serves all requests");
}

#[tokio::test]
async fn no_token_goes_in_the_clear() {
    let site = Site::start().await;
    let (address, mut requests) = listen_in(site.twins.address(), None).await;
    let (endpoint, mut asked) = identity_endpoint().await;
    let environment = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "of this app")];
    let (good, text) = call(&format!("http://{address}"), &["--for", "0s"], &environment, "").await;
    assert!(good, "{text}");
    requests.close();
    let mut sent = String::new();
    while let Some(part) = requests.recv().await {
        sent += &part;
    }
    assert!(sent.contains("POST /models?api-version=2023-10-31 HTTP/1.1\r\n"), "{sent}");
    assert!(!sent.to_lowercase().contains("authorization"), "{sent}");
    assert!(asked.try_recv().is_err());
}

/// A listener before an instance, and what is said to it.
async fn listen_in(target: SocketAddr, tls: Option<TlsAcceptor>) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (said, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (tls, said) = (tls.clone(), said.clone());
            tokio::spawn(async move {
                match tls {
                    Some(tls) => relay(tls.accept(socket).await?, target, said).await,
                    None => relay(socket, target, said).await,
                }
            });
        }
    });
    (address, heard)
}

async fn relay(
    inside: impl AsyncRead + AsyncWrite + Send + 'static,
    target: SocketAddr,
    said: mpsc::UnboundedSender<String>,
) -> std::io::Result<()> {
    let (mut requests, mut answers) = split(inside);
    let (mut from_target, mut to_target) = TcpStream::connect(target).await?.into_split();
    tokio::spawn(async move { copy(&mut from_target, &mut answers).await });
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = requests.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        // What the test has stopped to listen to.
        let _ = said.send(String::from_utf8_lossy(&buffer[..length]).into_owned());
        to_target.write_all(&buffer[..length]).await?;
    }
}

/// TLS for the name `localhost`; writes the authority's certificate to `ca.pem`.
fn acceptor(folder: &Path) -> TlsAcceptor {
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
    TlsAcceptor::from(Arc::new(config))
}

/// The endpoint that Azure gives an app with an identity; and what was asked of it.
async fn identity_endpoint() -> (String, mpsc::UnboundedReceiver<Value>) {
    const YEAR_2100: u64 = 4_102_444_800;
    let (asked, seen) = mpsc::unbounded_channel();
    let token = async move |Query(query): Query<Value>, headers: HeaderMap| {
        assert_eq!(headers["x-identity-header"], "of this app");
        asked.send(query).unwrap();
        Json(json!({
            "access_token": "header.payload.signature", "expires_on": YEAR_2100.to_string(), "token_type": "Bearer",
            "resource": "https://digitaltwins.azure.net",
        }))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/msi/token", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/msi/token", get(token))).await });
    (endpoint, seen)
}
