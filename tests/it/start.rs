//! How the handler starts, with good settings and bad ones.

use std::{
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    process::Stdio,
};

use serde_json::json;

use crate::{
    handler::{Handler, command, hub, settings},
    repository::between,
};

#[tokio::test]
async fn it_listens_before_the_hub_is_reached() {
    let hub = hub();
    hub.pause();
    let handler = Handler::start(&hub, &[]).await;
    let status = handler.status().await;
    assert_eq!((&status["name"], &status["version"]), (&json!("twin-bridge"), &json!(env!("CARGO_PKG_VERSION"))));
    hub.resume().unwrap();
    handler.ready().await;
    assert_eq!(handler.status().await["eventHub"], "ready");
}

#[tokio::test]
async fn bad_settings_end_it_with_64_and_all_mistakes() {
    let output = command().env("OBJECT_VALUES", "both").env("DELIVERY_TIMEOUT", "1h").output().await.unwrap();
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8(output.stderr).unwrap();
    for name in
        ["FUNCTIONS_CUSTOMHANDLER_PORT", "EVENT_HUB__fullyQualifiedNamespace", "OBJECT_VALUES", "DELIVERY_TIMEOUT"]
    {
        assert!(text.contains(name), "{text}");
    }
}

/// The host's exception keeps the last three lines that a dying handler wrote to stderr, and takes each write by itself.
#[tokio::test]
async fn all_mistakes_are_one_line_in_one_write_with_the_connection_first() {
    // Each write becomes a datagram.
    let (err, its_err) = UnixDatagram::pair().unwrap();
    let wrong = [("LOG_LEVEL", "loud"), ("OBJECT_VALUES", "both"), ("DELIVERY_TIMEOUT", "1h")];
    let status = command()
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", "0")
        .envs(wrong)
        .stderr(Stdio::from(OwnedFd::from(its_err)))
        .status()
        .await
        .unwrap();
    assert_eq!(status.code(), Some(64));
    err.set_nonblocking(true).unwrap();
    let mut text = [0; 4096];
    let length = err.recv(&mut text).unwrap();
    let text = str::from_utf8(&text[..length]).unwrap();
    assert!(text.starts_with("error: twin-bridge can't start with these app settings: (1) "), "{text}");
    assert_eq!(text.find('\n'), Some(text.len() - 1), "{text}");
    assert!(between(text, "(1) ", " (2) ").contains("EVENT_HUB__fullyQualifiedNamespace"), "{text}");
    assert!(between(text, "(2) ", " (3) ").contains("EVENT_HUB_NAME"), "{text}");
    let rest = between(text, "(3) ", "\n");
    assert!(wrong.iter().all(|(name, _)| rest.contains(name)), "{text}");
    assert!(rest.contains(" (4) ") && rest.contains(" (5) ") && !rest.contains(" (6) "), "{text}");
    assert!(err.recv(&mut [0; 4096]).is_err(), "a second write");
}

#[tokio::test]
async fn a_port_in_use_ends_it_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let hub = hub();
    let output = command().envs(settings(&hub)).env("FUNCTIONS_CUSTOMHANDLER_PORT", port).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: "));
}

#[tokio::test]
async fn levels_reach_the_streams_that_the_host_reads() {
    let hub = hub();
    let wrong = hub.connection_string("twins").replace("SharedAccessKey=", "SharedAccessKey=wrong");
    let mut child = command()
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", "0")
        .env("EVENT_HUB", wrong)
        .env("DEAD_LETTERS", "file:///dead-letters")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = first_line(child.stdout.take().unwrap()).await;
    let mut err = first_line(child.stderr.take().unwrap()).await;
    out.make_ascii_lowercase();
    err.make_ascii_lowercase();
    assert!(out.contains("info") && out.contains("listening"), "{out}");
    assert!(err.contains("warn") && err.contains("denies access"), "{err}");
    child.kill().await.unwrap();
}

async fn first_line(stream: impl tokio::io::AsyncRead + Unpin) -> String {
    use tokio::io::{AsyncBufReadExt, BufReader};

    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    line
}

/// Settings for a collector are common in an environment, so they are no mistake; but whoever waits for telemetry is told.
#[cfg(not(feature = "opentelemetry"))]
#[tokio::test]
async fn an_executable_without_telemetry_says_so_where_a_collector_is_set() {
    let hub = hub();
    let handler = Handler::start(&hub, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]).await;
    handler.logged("This executable exports no telemetry").await;
}

#[tokio::test]
async fn help_and_version_are_there() {
    let help = command().arg("--help").output().await.unwrap();
    assert!(help.status.success() && String::from_utf8(help.stdout).unwrap().contains("flatten"));
    let version = command().arg("--version").output().await.unwrap();
    assert_eq!(String::from_utf8(version.stdout).unwrap(), format!("twin-bridge {}\n", env!("CARGO_PKG_VERSION")));
    let unknown = command().arg("forward").output().await.unwrap();
    assert!(!unknown.status.success());
}
