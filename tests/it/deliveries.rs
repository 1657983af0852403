//! What goes in over HTTP and comes out of the hub, and what is answered.

use serde_json::{Value, json};

use twin_bridge::body::MAX_INVOCATION;

use crate::handler::{Handler, hub, invocation, update};

fn body(event: &local_azure::event_hubs::StoredEvent) -> Value {
    serde_json::from_slice(&event.body).unwrap()
}

#[tokio::test]
async fn an_update_is_stored_when_it_is_answered() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let answer = handler
        .deliver(&json!([update("e", "GrindingStep", &[("/Force", json!(1.5)), ("/Front/Temperature", json!("hot"))])]))
        .await;
    answer.assert_delivered();
    assert_eq!(answer.body, json!({}));

    // No waiting: what is answered is stored.
    let events = hub.events("twins");
    let bodies: Vec<_> = events.iter().map(|event| String::from_utf8(event.body.clone()).unwrap()).collect();
    assert_eq!(
        bodies,
        [
            r#"{"TimeStamp":"2021-12-09T20:28:52.9795363Z","Id":"GrindingStep","ModelId":"dtmi:example:step;1","Key":"Force","Value":1.5,"Action":"Update","EventId":"e#0"}"#,
            r#"{"TimeStamp":"2021-12-09T20:28:52.9795363Z","Id":"GrindingStep","ModelId":"dtmi:example:step;1","Key":"Front.Temperature","Value":"hot","Action":"Update","EventId":"e#1"}"#,
        ]
    );
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.partition_key.as_deref(), Some("GrindingStep"));
        assert_eq!(event.content_type.as_deref(), Some("application/json"));
        assert_eq!(event.message_id, Some(format!("e#{index}")));
        let trace = json!("00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01");
        assert_eq!(event.properties.get("Diagnostic-Id"), Some(&trace));
    }
    let line = handler.logged("Delivered.").await;
    assert_eq!(
        (&line["events"], &line["records"], &line["ignored"], &line["set_aside"]),
        (&json!(1), &json!(2), &json!(0), &json!(0))
    );
    assert!(!handler.log().contains("hot"), "a property's value was logged");
}

#[tokio::test]
async fn every_form_of_the_envelope_is_taken() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let string = |value: &Value| Value::String(value.to_string());
    let mut expected = 0;
    for form in 0..5 {
        for binding in ["events", "event", "anything"] {
            let event = update(&expected.to_string(), "t", &[("/a", json!(1))]);
            let array = json!([event]);
            let value = match form {
                0 => event,
                1 => array,
                2 => string(&array),
                3 => string(&string(&array)),
                _ => string(&event),
            };
            let body = json!({"Data": {binding: value}, "Metadata": {"sys": {}}});
            handler.post(body.to_string()).await.assert_delivered();
            expected += 1;
        }
    }
    assert_eq!(hub.events("twins").len(), expected);
    for nothing in [json!({"Data": {"events": "[]"}}), json!({"Data": {"events": []}}), json!({"Data": {}})] {
        handler.post(nothing.to_string()).await.assert_delivered();
    }
    assert_eq!(hub.events("twins").len(), expected);
}

#[tokio::test]
async fn any_function_name_is_taken() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let http = reqwest::Client::new();
    for name in ["AdtEvents", "a%20b"] {
        let url = format!("{}/{name}", handler.url());
        let response = http.post(url).body(invocation(&json!([]))).send().await.unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!(http.get(format!("{}/function", handler.url())).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn one_bad_event_does_not_block_its_neighbours() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let mut unknown_operation = update("bad", "t", &[("/a", json!("confidential"))]);
    unknown_operation["data"]["data"]["patch"][0]["op"] = json!("move");
    let answer = handler
        .deliver(&json!([
            update("first", "t", &[("/a", json!(1))]),
            unknown_operation,
            5,
            {"id": "x", "eventType": "Microsoft.Storage.BlobCreated"},
            {"specversion": "1.0", "id": "ce", "type": "Microsoft.DigitalTwins.Twin.Update", "subject": "t", "data": {}},
            update("last", "t", &[("/a", json!(2))]),
        ]))
        .await;
    answer.assert_delivered();
    let ids: Vec<_> = hub.events("twins").iter().map(|event| body(event)["EventId"].clone()).collect();
    assert_eq!(ids, ["first#0", "last#0"]);

    let dead_letters = handler.dead_letters();
    assert_eq!(dead_letters.len(), 3);
    let of = |id: &str| dead_letters.iter().find(|letter| letter["id"] == id).unwrap();
    let mut first = of(unknown_operation["id"].as_str().unwrap()).clone();
    let added = ["deadLetterReason", "lastDeliveryOutcome", "lastDeliveryAttemptTime"]
        .map(|name| first.as_object_mut().unwrap().remove(name).unwrap());
    assert_eq!(first, unknown_operation, "the event is kept whole");
    assert!(added[0].as_str().unwrap().contains("operation 0"));
    assert!(dead_letters.iter().any(|letter| letter["event"] == 5));
    assert_eq!(of("ce")["lastdeliveryoutcome"], "BadRequest");

    let line = handler.logged("Delivered.").await;
    assert_eq!(
        (&line["events"], &line["records"], &line["ignored"], &line["set_aside"]),
        (&json!(6), &json!(2), &json!(1), &json!(3))
    );
    handler.logged("operation 0 of its patch").await;
    assert!(!handler.log().contains("confidential"), "a property's value was logged");
}

#[tokio::test]
async fn what_is_no_delivery_is_refused_and_survived() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        String::new(),
        "null".to_owned(),
        "no json".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        r#"{"Data":5}"#.to_owned(),
        r#"{"Data":{"events":5}}"#.to_owned(),
        r#"{"Data":{"events":"x"}}"#.to_owned(),
        r#"{"Data":{"a":[],"b":[]}}"#.to_owned(),
        nested.clone(),
    ] {
        let answer = handler.post(body).await;
        assert!(!answer.reason(400).is_empty());
    }
    let bytes = handler.post(vec![0xff, 0xfe, b'{']).await;
    assert!(!bytes.reason(400).is_empty());
    // What stands in an array is an event, however little it looks like one.
    for body in [format!(r#"{{"Data":{{"events":{nested}}}}}"#), json!({"Data": {"events": nested}}).to_string()] {
        handler.post(body).await.assert_delivered();
    }
    handler.logged("The event is nested deeper than 128 levels.").await;
    assert!(hub.events("twins").is_empty());
    handler.logged("The delivery failed. The body is not an invocation").await;
    handler.deliver(&json!([update("e", "t", &[("/a", json!(1))])])).await.assert_delivered();
}

/// Every kind in one delivery, both schemas mixed, and two events with one id.
#[tokio::test]
async fn every_kind_of_notification_is_recorded() {
    let hub = hub();
    let handler = Handler::start(&hub, &[("EVENT_HUB_TABLES", "Properties,Twins,Relationships")]).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/notifications");
    let mut events = Vec::new();
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "json") {
            events.push(serde_json::from_str::<Value>(&std::fs::read_to_string(file).unwrap()).unwrap());
        }
    }
    events.push(events[0].clone());
    let answer = handler.deliver(&json!(events)).await;
    answer.assert_delivered();
    assert!(handler.dead_letters().is_empty(), "{answer:?}");
    for event in hub.events("twins") {
        let record = body(&event);
        let table = if record.get("Key").is_some() {
            "Properties"
        } else if record.get("TwinId").is_some() {
            "Twins"
        } else {
            "Relationships"
        };
        assert_eq!((&event.properties["Table"], &event.properties["Format"]), (&json!(table), &json!("json")));
        let key = record.get("Source").or(record.get("TwinId")).or(record.get("Id")).unwrap();
        assert_eq!(event.partition_key.as_deref(), key.as_str(), "a twin's history shares a partition");
    }
    let line = handler.logged("Delivered.").await;
    assert_eq!((&line["events"], &line["ignored"], &line["empty"]), (&json!(events.len()), &json!(0), &json!(1)));
}

#[tokio::test]
async fn a_patch_of_five_thousand_operations_is_one_notification_like_any_other() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let values: Vec<_> = (0..5000).map(|number| (format!("/p{number}"), json!(number))).collect();
    let values: Vec<_> = values.iter().map(|(path, value)| (path.as_str(), value.clone())).collect();
    handler.deliver(&json!([update("e", "t", &values)])).await.assert_delivered();
    let keys: Vec<_> =
        hub.events("twins").iter().map(|event| body(event)["Key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys, (0..5000).map(|number| format!("p{number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let padding = "x".repeat(MAX_INVOCATION);
    let answer = handler.post(format!(r#"{{"Data":{{}},"Metadata":"{padding}"}}"#)).await;
    assert_eq!(
        answer.reason(413),
        "The delivery is larger than 156587348 bytes. Lower maxEventsPerBatch of the Event Grid subscription, or maxEventBatchSize or maxMessageBatchSize in host.json."
    );
    let below = "x".repeat(MAX_INVOCATION - 1024);
    handler.post(format!(r#"{{"Data":{{}},"Metadata":"{below}"}}"#)).await.assert_delivered();
}

#[tokio::test]
async fn a_request_that_breaks_off_harms_nobody() {
    use tokio::io::AsyncWriteExt;

    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let address = handler.url().trim_start_matches("http://");
    for part in [
        "POST /function HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"Dat",
        "nonsense\r\n\r\n",
        "POST /fun",
    ] {
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.write_all(part.as_bytes()).await.unwrap();
    }
    handler.deliver(&json!([update("e", "t", &[("/a", json!(1))])])).await.assert_delivered();
    assert_eq!(hub.events("twins").len(), 1);
}
