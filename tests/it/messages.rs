//! Messages of Event Hubs and Service Bus, as the Functions host posts them: recordings of a running host, the same
//! notifications through the webhook, and how a batch ends.

use std::{fs, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use local_azure::event_hubs::{Answer as HubAnswer, EventHubs};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    handler::{Handler, TIMEOUT, hub, update},
    repository::{files, root},
};

const MEBIBYTE: usize = 1024 * 1024;

/// A message: its application properties and its body.
type Message = (Value, Vec<u8>);

/// Which trigger the host posts for.
#[derive(Clone, Copy, PartialEq)]
enum Trigger {
    EventHubs,
    ServiceBus,
}

/// The envelope of a batch, many and binary, whose sequence numbers begin with `first`.
fn batch(trigger: Trigger, first: usize, messages: &[Message]) -> String {
    let array = |value: &dyn Fn(usize, &Message) -> Value| {
        let values: Vec<_> = messages.iter().enumerate().map(|(index, message)| value(index, message)).collect();
        Value::from(values).to_string()
    };
    let mut metadata = json!({
        "SequenceNumberArray": array(&|index, _| (first + index).into()),
        "EnqueuedTimeUtcArray": array(&|_, _| "2024-11-27T22:10:10.789".into()),
    });
    match trigger {
        Trigger::EventHubs => {
            metadata["PartitionContext"] = json!({
                "FullyQualifiedNamespace": "contoso.servicebus.windows.net", "EventHubName": "adt",
                "ConsumerGroup": "bridge", "PartitionId": "0", "IsCheckpointingAfterInvocation": true
            });
            metadata["PropertiesArray"] = array(&|_, (properties, _)| properties.clone()).into();
            metadata["SystemPropertiesArray"] = array(&|_, _| json!({"content-type": "application/json"})).into();
        }
        Trigger::ServiceBus => {
            metadata["Client"] = json!({"FullyQualifiedNamespace": "contoso.servicebus.windows.net"});
            metadata["ApplicationPropertiesArray"] = array(&|_, (properties, _)| properties.clone()).into();
            metadata["ContentTypeArray"] = array(&|_, _| "application/json".into()).into();
        }
    }
    json!({"Data": {"x": array(&|_, (_, body)| BASE64_STANDARD.encode(body).into())}, "Metadata": metadata}).to_string()
}

/// A notification of Azure Digital Twins as a message.
fn message(name: &str) -> Message {
    let text = fs::read_to_string(root().join(format!("tests/fixtures/messages/{name}.json"))).unwrap();
    let message: Value = serde_json::from_str(&text).unwrap();
    (message["applicationProperties"].clone(), message["body"].to_string().into_bytes())
}

/// The update of a twin as a message.
fn update_message(id: &str, values: &[(&str, Value)]) -> Message {
    let event = update(id, "t", values);
    let properties = json!({
        "cloudEvents:id": id, "cloudEvents:type": event["eventType"], "cloudEvents:subject": "t",
        "cloudEvents:source": "contoso.api.weu.digitaltwins.azure.net", "cloudEvents:time": event["eventTime"],
    });
    (properties, event["data"]["data"].to_string().into_bytes())
}

fn records(hub: &EventHubs) -> Vec<Value> {
    hub.events("twins").iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect()
}

#[tokio::test]
async fn every_recorded_batch_is_taken() {
    let mut recorded = 0;
    for folder in ["event-hubs", "service-bus"] {
        for path in files(&format!("tests/fixtures/recordings/{folder}"), "json") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let recording: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let hub = hub();
            let handler = Handler::start(&hub, &[]).await;
            let answer = handler.post(recording["body"].as_str().unwrap()).await;
            // One by one and as text, a message can pass for another.
            let as_text =
                !name.contains("many") && !name.contains("datatype-binary") && !name.ends_with("spoof-binary");
            if as_text {
                assert!(answer.reason(400).contains("\"dataType\": \"binary\""), "{name}: {answer:?}");
                assert!(hub.events("twins").is_empty());
            } else {
                answer.assert_delivered();
                let since_start = &handler.status().await["sinceStart"];
                // A message of no type, or of none that is known.
                let ignored = u64::from(name.contains("binbody") || name == "queue-one-spoof-binary");
                assert_eq!((&since_start["setAside"], &since_start["ignored"]), (&json!(0), &json!(ignored)), "{name}");
                assert_eq!(records(&hub).is_empty(), ignored == 1 && !name.contains("many"), "{name}");
            }
            recorded += 1;
        }
    }
    assert_eq!(recorded, 23);
}

/// The same notification through the webhook gives the same records but for what the path itself changes: the Event Grid
/// schema has no `ServiceId`, no component of telemetry, and no time of it.
#[tokio::test]
async fn records_are_those_of_the_webhook() {
    for path in files("tests/fixtures/messages", "json") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (properties, body) = message(name);
        let grid = {
            let property = |name: &str| properties[format!("cloudEvents:{name}")].clone();
            let is_telemetry = property("type") == "microsoft.iot.telemetry";
            let source = property("source").as_str().unwrap().to_owned();
            let subject = if is_telemetry { json!(source.rsplit_once('/').unwrap().1) } else { property("subject") };
            let time = if is_telemetry { json!("0001-01-01T00:00:00Z") } else { property("time") };
            json!([{
                "id": property("id"), "eventType": property("type"), "subject": subject, "eventTime": time,
                "data": {
                    "data": serde_json::from_slice::<Value>(&body).unwrap(),
                    "dataschema": property("dataschema"), "traceparent": property("traceparent"),
                },
            }])
        };
        let through_webhook = hub();
        let handler = Handler::start(&through_webhook, &[]).await;
        let url = format!("{}/api/events", handler.url());
        let answer = reqwest::Client::new().post(url).body(grid.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        for trigger in [Trigger::EventHubs, Trigger::ServiceBus] {
            let through_message = hub();
            let handler = Handler::start(&through_message, &[]).await;
            handler.post(batch(trigger, 1, &[(properties.clone(), body.clone())])).await.assert_delivered();
            let mut records = records(&through_message);
            for record in &mut records {
                let record = record.as_object_mut().unwrap();
                let service_id = record.remove("ServiceId").unwrap();
                assert!(properties["cloudEvents:source"].as_str().unwrap().starts_with(service_id.as_str().unwrap()));
                if name == "telemetry" {
                    assert_eq!(record.remove("TimeStamp").unwrap(), "2024-11-27T22:10:10.789Z");
                }
            }
            let mut expected = self::records(&through_webhook);
            if name == "telemetry" {
                for record in &mut expected {
                    record.as_object_mut().unwrap().remove("TimeStamp");
                }
            }
            assert!(!records.is_empty(), "{name}");
            assert_eq!(records, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_nobodys_is_ignored_and_what_is_bad_is_kept_with_its_bytes() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let foreign = (json!({"cloudEvents:type": "Contoso.Items.ItemReceived"}), b"{}".to_vec());
    let nameless = (json!({"correlation-id": "x"}), b"not json".to_vec());
    let (mut properties, _) = update_message("bad", &[]);
    properties["cloudEvents:anything"] = json!("else");
    let bad = (properties, b"\xff\xfe\0".to_vec());
    let good = update_message("good", &[("/a", json!(1))]);
    let messages = [nameless.clone(), foreign.clone(), bad, good, nameless, foreign];
    let body = batch(Trigger::EventHubs, 1, &messages);
    handler.post(body.clone()).await.assert_delivered();
    assert_eq!(records(&hub).len(), 1);

    let letters = handler.dead_letters();
    assert_eq!(letters.len(), 1);
    let kept = ["id", "type", "anything", "data_base64", "deadletterreason", "lastdeliveryoutcome"];
    let kept = kept.map(|name| letters[0][name].as_str().unwrap());
    let reason = "The event's payload is not JSON: it stands in \"data_base64\", as bytes.";
    assert_eq!(kept, ["bad", "Microsoft.DigitalTwins.Twin.Update", "else", "//4A", reason, "BadRequest"]);

    // The same batch again changes nothing.
    handler.post(body).await.assert_delivered();
    assert_eq!(handler.dead_letters().len(), 1);
    let since_start = &handler.status().await["sinceStart"];
    assert_eq!(
        ["events", "ignored", "setAside", "repeats", "records"].map(|name| since_start[name].as_u64().unwrap()),
        [12, 8, 2, 1, 1]
    );
    let logged = handler.log().matches("Events of this type are not recorded").count();
    assert_eq!(logged, 2, "once for each type, and once for none");
}

#[tokio::test]
async fn telemetry_is_told_apart_by_its_place() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let telemetry = message("telemetry");
    let twice = [telemetry.clone(), telemetry.clone()];
    for trigger in [Trigger::EventHubs, Trigger::ServiceBus] {
        handler.post(batch(trigger, 1, &twice)).await.assert_delivered();
    }
    assert_eq!(records(&hub).len(), 4, "four messages, though equal to the byte");
    handler.post(batch(Trigger::EventHubs, 2, &twice)).await.assert_delivered();
    assert_eq!(records(&hub).len(), 5, "the second came once more, and a third");

    // In one batch too: the host repeats what it took over.
    let body = batch(Trigger::EventHubs, 10, &twice).replace("[10,11]", "[10,10]");
    handler.post(body).await.assert_delivered();
    assert_eq!(records(&hub).len(), 6);
    let since_start = &handler.status().await["sinceStart"];
    assert_eq!(since_start["repeats"], 2);
}

#[tokio::test]
async fn a_hub_that_is_gone_fails_a_batch_of_event_hubs_in_the_usual_time() {
    let hub = hub();
    hub.pause();
    let handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "500ms")]).await;
    let body = batch(Trigger::EventHubs, 1, &[update_message("e", &[("/a", json!(1))])]);
    handler.post(body.clone()).await.reason(503);
    hub.resume().unwrap();
    handler.ready().await;
    handler.post(body).await.assert_delivered();
    assert_eq!(records(&hub).len(), 1);
}

/// Each failure takes one of a message's attempts, and the next one comes at once: so the answer waits for the hub.
#[tokio::test]
async fn a_batch_of_service_bus_waits_for_the_hub() {
    let hub = hub();
    hub.pause();
    let handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "100ms")]).await;
    let body = batch(Trigger::ServiceBus, 1, &[update_message("e", &[("/a", json!(1))])]);
    let waiting = handler.post(body);
    tokio::pin!(waiting);
    assert!(timeout(Duration::from_secs(1), &mut waiting).await.is_err(), "many times the usual time");
    hub.resume().unwrap();
    timeout(TIMEOUT, waiting).await.unwrap().assert_delivered();
    assert_eq!(records(&hub).len(), 1);
}

#[tokio::test]
async fn a_batch_of_service_bus_fails_in_the_end() {
    let hub = hub();
    hub.faults().answer(HubAnswer::Silent);
    let handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "100ms"), ("SERVICE_BUS_TIMEOUT", "1s")]).await;
    let body = batch(Trigger::ServiceBus, 1, &[update_message("e", &[("/a", json!(1))])]);
    handler.post(body).await.reason(503);
}

#[tokio::test]
async fn a_stop_ends_the_wait_of_a_batch_of_service_bus() {
    let hub = hub();
    hub.pause();
    let mut handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "1s")]).await;
    let body = batch(Trigger::ServiceBus, 1, &[update_message("e", &[("/a", json!(1))])]);
    let waiting = tokio::spawn(handler.request(body).send());
    while handler.status().await["sinceStart"]["inFlight"] == 0 {}
    handler.terminate();
    assert_eq!(waiting.await.unwrap().unwrap().status(), 503);
    assert_eq!(handler.ended().await, Some(0));
    assert!(handler.log().contains("twin-bridge was stopped before"), "{}", handler.log());
}

/// Also where it is not read yet, as when there is no memory for it.
#[tokio::test]
async fn a_stop_ends_the_reading_of_a_batch_of_service_bus() {
    let hub = hub();
    let mut handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "1s")]).await;
    let never = tokio_stream::pending::<std::io::Result<Vec<u8>>>();
    let request = reqwest::Client::new().post(format!("{}/service-bus", handler.url()));
    let waiting = tokio::spawn(request.body(reqwest::Body::wrap_stream(never)).send());
    while handler.status().await["sinceStart"]["inFlight"] == 0 {}
    handler.terminate();
    assert_eq!(waiting.await.unwrap().unwrap().status(), 503);
    assert_eq!(handler.ended().await, Some(0));
}

/// As large as a batch can be: it is taken, and the next one waits for its turn.
#[tokio::test]
async fn full_batches_fit_into_little_memory() {
    let hub = hub();
    let handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "29s"), ("EVENT_HUB_BODY", "lines")]).await;
    let text = "v".repeat(MEBIBYTE / 16 - 256);
    let values: Vec<_> = (0..15).map(|number| (format!("/p{number}"), json!(text))).collect();
    let values: Vec<_> = values.iter().map(|(path, value)| (path.as_str(), value.clone())).collect();
    let messages: Vec<_> = (0..100).map(|number| update_message(&format!("e{number}"), &values)).collect();
    let bodies =
        [(Trigger::EventHubs, 1), (Trigger::ServiceBus, 1)].map(|(trigger, first)| batch(trigger, first, &messages));
    assert!(bodies.iter().all(|body| body.len() > 120 * MEBIBYTE));
    let answers = bodies.into_iter().map(|body| handler.request(body).send());
    let answers = futures::future::join_all(answers).await;
    // Whoever found no memory in time comes again.
    let statuses: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
    assert!(statuses.contains(&200) && statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    let peak = handler.peak_memory();
    eprintln!("peak {} MiB", peak / MEBIBYTE);
    assert!(peak < 512 * MEBIBYTE, "{peak}");
}

/// Small changes and many of them: their records are several times as large as what they came in.
#[tokio::test]
async fn full_batches_of_small_changes_fit_into_little_memory() {
    let hub = hub();
    let handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "29s"), ("EVENT_HUB_BODY", "lines")]).await;
    let paths: Vec<_> = (0..22_000).map(|number| format!("/p{number}")).collect();
    let values: Vec<_> = paths.iter().map(|path| (path.as_str(), json!(1))).collect();
    let (properties, body) = update_message("e", &values);
    assert!(body.len() > MEBIBYTE * 9 / 10 && body.len() < MEBIBYTE, "{}", body.len());
    let messages: Vec<_> = (0..100)
        .map(|number| {
            let mut properties = properties.clone();
            properties["cloudEvents:id"] = json!(format!("e{number}"));
            (properties, body.clone())
        })
        .collect();
    // Whether it takes the handler more than its time depends on the machine.
    let status = handler.request(batch(Trigger::EventHubs, 1, &messages)).send().await.unwrap().status().as_u16();
    assert!([200, 503].contains(&status), "{status}");
    let peak = handler.peak_memory();
    eprintln!("{status}, peak {} MiB", peak / MEBIBYTE);
    assert!(peak < 512 * MEBIBYTE, "{peak}");
}
