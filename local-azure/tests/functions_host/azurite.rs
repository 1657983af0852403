//! Blobs in a storage emulator, where one is installed.

use local_azure::functions_host::{FunctionsHost, Handler, Log, Storage};

use crate::emulator::{ACCOUNT, KEY, azurite, get, start};
use crate::support::{Answer, App, FakeHandler, deliver};

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
