//! Blobs in a storage emulator, where one is installed: `AZURITE` names its folder of programs, which is otherwise
//! looked for in `target/clients/node_modules/.bin`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use local_azure::functions_host::{FunctionsHost, Handler, Log, Storage};
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{Answer, App, FakeHandler, SOON, deliver, skipped};

const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

fn azurite() -> Option<PathBuf> {
    let folder = std::env::var_os("AZURITE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/clients/node_modules/.bin"),
        PathBuf::from,
    );
    let program = folder.join("azurite-blob");
    if program.exists() {
        return Some(program);
    }
    skipped("Azurite is not installed; AZURITE can name the folder of its programs");
    None
}

/// Starts the emulator on a port of its own choice, which it says when it listens.
async fn start(program: &Path) -> (Child, u16) {
    let mut azurite = Command::new(program);
    azurite.args(["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence"]);
    azurite.args(["--blobHost", "127.0.0.1", "--blobPort", "0"]);
    let mut azurite = azurite.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(azurite.stdout.take().unwrap()).lines();
    let port = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("Azurite ended");
            if let Some((_, port)) = line.split_once("listens on http://127.0.0.1:") {
                return port.parse().unwrap();
            }
        }
    };
    let port = tokio::time::timeout(SOON, port).await.unwrap();
    // It writes a line for each request even so, and would die of a pipe that nobody reads.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (azurite, port)
}

/// Reads from the emulator, signed by code that shares nothing with the one under test.
async fn get(port: u16, path: &str, query: &[(&str, &str)]) -> (u16, String) {
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    let resource = query.iter().fold(String::new(), |resource, (name, value)| format!("{resource}\n{name}:{value}"));
    let text = format!(
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-08-06\n/{ACCOUNT}/{ACCOUNT}/{path}{resource}"
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(format!("http://127.0.0.1:{port}/{ACCOUNT}/{path}?{}", query.join("&")))
        .header("x-ms-date", date)
        .header("x-ms-version", "2021-08-06")
        .header("authorization", format!("SharedKey {ACCOUNT}:{signature}"))
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn outputs_are_written_to_azurite() {
    let Some(program) = azurite() else { return };
    let (_azurite, port) = start(&program).await;
    let answer = r#"{"Outputs":{"deadLetter":"[{\"a\":1.10,\"b\":\"é\"}]"}}"#;
    let handler = FakeHandler::start(Answer::json(answer)).await;
    let app = App::new("events", Some("many"));
    let mut config = app.config(Handler::Listening(handler.address));
    let endpoint = format!("BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT}");
    config.storage = Storage::Account(format!("AccountName={ACCOUNT};AccountKey={KEY};{endpoint};"));
    config.log = Log::default();
    let host = FunctionsHost::start(config).await.unwrap();

    // The first delivery creates the container, the second finds it.
    assert_eq!(deliver(&host, "[]").await.status, 202);
    assert_eq!(deliver(&host, "[]").await.status, 202);

    let (status, list) = get(port, "dead-letter", &[("comp", "list"), ("restype", "container")]).await;
    assert_eq!(status, 200, "{list}");
    let names: Vec<_> = list.split("<Name>").skip(1).map(|rest| rest.split_once('<').unwrap().0).collect();
    assert_eq!(names.len(), 2, "{list}");
    for name in names {
        assert_eq!(get(port, &format!("dead-letter/{name}"), &[]).await, (200, r#"[{"a":1.10,"b":"é"}]"#.to_owned()));
    }
}

#[tokio::test]
async fn storage_that_refuses_fails_the_invocation() {
    let Some(program) = azurite() else { return };
    let (_azurite, port) = start(&program).await;
    let handler = FakeHandler::start(Answer::json(r#"{"Outputs":{"deadLetter":"[1]"}}"#)).await;
    let app = App::new("events", Some("many"));
    let mut config = app.config(Handler::Listening(handler.address));
    let endpoint = format!("BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT}");
    config.storage = Storage::Account(format!("AccountName={ACCOUNT};AccountKey=d3Jvbmc=;{endpoint}"));
    let host = FunctionsHost::start(config).await.unwrap();
    assert_eq!(deliver(&host, "[]").await.status, 500);
}
