//! Blobs in a storage emulator, where one is installed.

use local_azure::event_hubs::{Config as HubsConfig, EventHubs, HubConfig};
use local_azure::functions_host::{FunctionsHost, Handler, Log, Storage};
use tokio::time::timeout;

use crate::blob_reader::get;
use crate::emulator::{ACCOUNT, KEY, azurite, start};
use crate::support::{Answer, App, FakeHandler, SOON, deliver, send_events};

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

#[tokio::test]
async fn checkpoints_and_ownerships_are_kept_as_the_extension_keeps_them() {
    let Some(program) = azurite() else { return };
    let (_azurite, port) = start(&program).await;
    let hub = EventHubs::start(HubsConfig { hubs: vec![HubConfig::new("ADT", 1)], ..HubsConfig::default() }).unwrap();
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let function_json = r#"{"bindings":[{"type":"eventHubTrigger","direction":"in","name":"events","eventHubName":"ADT",
        "connection":"SOURCE","cardinality":"many"}]}"#;
    let host_json = r#"{"version":"2.0","extensions":{"eventHubs":{"loadBalancingUpdateInterval":"00:00:00.1"}}}"#;
    let app = App::with_function("events", function_json, host_json);
    let mut config = app.config(Handler::Listening(handler.address));
    let endpoint = format!("BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT}");
    config.storage = Storage::Account(format!("AccountName={ACCOUNT};AccountKey={KEY};{endpoint};"));
    config.environment = vec![("SOURCE".to_owned(), hub.connection_string("ADT"))];
    let query = [("comp", "list"), ("include", "metadata"), ("restype", "container")];
    for (last, body) in [(0, "{}"), (1, "{ }")] {
        let host = FunctionsHost::start(config.clone()).await.unwrap();
        send_events(&hub, "ADT", "0", &[body]).await;
        let mut progress = host.progress("events").unwrap();
        let reached = progress.wait_for(|progress| progress.checkpoints.get("0") == Some(&last));
        timeout(SOON, reached).await.unwrap().unwrap();
        let (status, list) = get(port, "azure-webjobs-eventhub", &query).await;
        assert_eq!(status, 200, "{list}");
        for expected in
            ["<Name>127.0.0.1/adt/$default/checkpoint/0</Name>", "<Name>127.0.0.1/adt/$default/ownership/0</Name>"]
        {
            assert!(list.contains(expected), "{list}");
        }
        assert!(list.contains(&format!("<sequencenumber>{last}</sequencenumber>")), "{list}");
        assert!(list.contains("<offset>") && list.contains("<clientidentifier>"), "{list}");
        assert!(!list.contains("<ownerid></ownerid>") && list.contains("<ownerid>"), "{list}");
        host.stop().await;
        assert_eq!(handler.take_posted().len(), 1);
        let (_, list) = get(port, "azure-webjobs-eventhub", &query).await;
        assert!(list.contains("<ownerid></ownerid>") || list.contains("<ownerid/>"), "{list}");
    }
}
