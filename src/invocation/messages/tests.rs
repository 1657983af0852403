use std::{fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    delivery::{Delivery, Timeout},
    invocation::{BadInvocation, read},
};

fn events(delivery: &Delivery) -> Vec<Value> {
    serde_json::from_str(&delivery.events).unwrap()
}

/// What a host posted, by its recording.
fn recorded(name: &str) -> Vec<u8> {
    let path = Path::new("tests/fixtures/recordings").join(name).with_extension("json");
    let recording: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    recording["body"].as_str().unwrap().into()
}

/// Application properties, and a body.
type Message<'a> = (Value, &'a [u8]);

/// An invocation with messages of these application properties, in each way that keeps their bodies apart from them.
fn invocations(messages: &[Message<'_>]) -> Vec<String> {
    let text = |values: &dyn Fn(&Message<'_>) -> Value| {
        Value::from(messages.iter().map(values).collect::<Vec<_>>()).to_string()
    };
    let binary = text(&|(_, body)| BASE64_STANDARD.encode(body).into());
    let strings = text(&|(_, body)| String::from_utf8_lossy(body).into());
    [binary, strings]
        .into_iter()
        .map(|bodies| {
            let metadata = json!({
                "Client": {"FullyQualifiedNamespace": "contoso.servicebus.windows.net"},
                "SequenceNumberArray": Value::from((1..=messages.len()).collect::<Vec<_>>()).to_string(),
                "EnqueuedTimeUtcArray": text(&|_| "2024-11-27T22:10:10.789".into()),
                "ContentTypeArray": text(&|_| Value::Null),
                "ApplicationPropertiesArray": text(&|(properties, _)| properties.clone()),
            });
            json!({"Data": {"whatever": bodies}, "Metadata": metadata}).to_string()
        })
        .collect()
}

#[test]
fn a_recorded_batch_of_event_hubs_is_three_cloud_events() {
    let delivery = read(recorded("event-hubs/many-datatype-binary")).unwrap();
    assert_eq!(delivery.timeout, Timeout::Delivery);
    let positions: Vec<_> = delivery.positions.iter().map(|position| position.0.as_str()).collect();
    let partition = "myns.servicebus.windows.net/adt-events/0";
    assert_eq!(positions, [102, 103, 104].map(|number| format!("{partition}/{number}")));
    let lines = delivery.events.replace(",{\"specversion", ",\n{\"specversion");
    insta::assert_snapshot!(lines, @r#"
    [{"specversion":"1.0","id":"d047e992-dddc-4a5a-b0af-fa79832235f8","type":"Microsoft.DigitalTwins.Twin.Update","source":"contoso-adt.api.wus2.digitaltwins.azure.net","subject":"floor4","time":"2024-11-27T22:10:05.123Z","traceparent":"00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01","datacontenttype":"application/json","data":{"modelId":"dtmi:example:com:floor4;2","patch":[{"value":40.5,"path":"/Temperature","op":"replace"},{"value":"2024-11-27T22:10:05.1234567Z","path":"/lastSeen","op":"add"}]}},
    {"specversion":"1.0","id":"df5a5992-817b-4e8a-b12c-e0b18d4bf8fb","type":"microsoft.iot.telemetry","source":"contoso-adt.api.wus2.digitaltwins.azure.net/digitaltwins/room1","dataschema":"dtmi:example:com:floor4;2","time":"2024-11-27T22:10:06.7654321Z","traceparent":"00-7e3081c6d3edfb4eaf7d3244b2036baa-23d762f4d9f81741-01","datacontenttype":"application/json","data":{"Temperature":10,"at":"2024-11-27T22:10:05.1234567+02:00","big":12345678901234567890,"f":1.0,"note":"café \"q\"","properties":{"cloudEvents:type":"spoofed"},"SequenceNumber":1,"nested":{"a":1},"list":[1]}},
    {"specversion":"1.0","id":"11111111-dddc-4a5a-b0af-fa79832235f8","type":"Microsoft.DigitalTwins.Twin.Create","source":"contoso-adt.api.wus2.digitaltwins.azure.net","subject":"floor1","time":"2024-11-27T22:10:07Z","traceparent":"00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d643-01","datacontenttype":"application/json","data":{"$dtId":"floor1","$etag":"W/\"e398dbf4-8214-4483-9d52-880b61e491ec\"","$metadata":{"$model":"dtmi:example:Floor;1"}}}]
    "#);
}

#[test]
fn recorded_batches_say_the_same_in_all_types_of_data() {
    let events_of = |name: &str| events(&read(recorded(name)).unwrap());
    for folder in ["event-hubs", "service-bus"] {
        let [binary, text, none] =
            ["many-datatype-binary", "many", "many-no-datatype"].map(|name| events_of(&format!("{folder}/{name}")));
        let without_time = |events: &[Value]| {
            let mut events = events.to_vec();
            // Where they are parsed the host moves times that are in no UTC.
            for event in &mut events {
                event["data"]["at"] = Value::Null;
            }
            events
        };
        assert_eq!(binary, text, "{folder}");
        assert_eq!(without_time(&binary), without_time(&none), "{folder}");
    }
}

#[test]
fn a_recorded_message_alone_is_that_of_a_batch() {
    for (one, telemetry) in
        [("event-hubs/one-datatype-binary", false), ("event-hubs/one-datatype-binary-telemetry", true)]
    {
        let delivery = read(recorded(one)).unwrap();
        let batch = read(recorded("event-hubs/many-datatype-binary")).unwrap();
        assert_eq!(events(&delivery)[0], events(&batch)[usize::from(telemetry)], "{one}");
        assert_eq!(delivery.positions.len(), 1);
    }
    let delivery = read(recorded("service-bus/queue-one-datatype-binary")).unwrap();
    assert_eq!(delivery.timeout, Timeout::ServiceBus);
    assert_eq!(delivery.positions[0].0, "myns.servicebus.windows.net/111");
    assert_eq!(events(&delivery)[0]["id"], "d047e992-dddc-4a5a-b0af-fa79832235f8");
}

#[test]
fn one_message_as_text_is_refused() {
    for name in [
        "event-hubs/one",
        "event-hubs/one-telemetry-overlay",
        "event-hubs/one-amqp-types",
        "service-bus/queue-one",
        "service-bus/queue-one-spoof",
        "service-bus/queue-one-telemetry-overlay",
        "service-bus/queue-one-no-ttl",
        "service-bus/queue-one-binary-body-as-string",
        "service-bus/session-one",
    ] {
        assert_eq!(read(recorded(name)).unwrap_err(), BadInvocation::OneAsText, "{name}");
    }
    // Even where the body brings what looks like the metadata of many.
    let spoofed = json!({
        "Data": {"event": "\"{}\""},
        "Metadata": {"Properties": {}, "PropertiesArray": "[{}]", "SequenceNumberArray": "[1]", "EnqueuedTimeUtcArray": "[\"\"]"}
    });
    assert_eq!(read(spoofed.to_string().into()).unwrap_err(), BadInvocation::OneAsText);
    insta::assert_snapshot!(BadInvocation::OneAsText, @r#"The messages come one at a time and as text, so that what a message says could replace its attributes: set "cardinality": "many" and "dataType": "binary" in the trigger's function.json."#);
}

#[test]
fn attributes_are_taken_in_every_spelling() {
    let properties = json!({
        "CLOUDEVENTS:ID": "e", "cloudEvents_type": "t", "cloudEvents:Subject": "s", "cloudEvents_subject": "not this one",
        "cloudEvents:time": "2024-11-27T22:10:05.12Z", "cloudEvents:data": "x", "cloudEvents:none": null,
        "cloudEvents:sampledrate": 5, "correlation-id": "x",
    });
    for invocation in invocations(&[(properties, b"{\"a\":1.10}")]) {
        let delivery = read(invocation.into()).unwrap();
        insta::allow_duplicates! {
            insta::assert_snapshot!(delivery.events, @r#"[{"id":"e","subject":"s","time":"2024-11-27T22:10:05.12Z","sampledrate":5,"type":"t","specversion":"1.0","data":{"a":1.10}}]"#);
        }
    }
}

#[test]
fn what_has_no_attributes_is_an_event_of_no_type() {
    for invocation in invocations(&[(json!({}), b"{}")]) {
        let delivery = read(invocation.into()).unwrap();
        insta::allow_duplicates! {
            insta::assert_snapshot!(delivery.events, @r#"[{"specversion":"1.0","type":"","time":"2024-11-27T22:10:10.789Z","data":{}}]"#);
        }
    }
}

#[test]
fn a_body_that_is_no_json_keeps_its_bytes() {
    let properties = json!({"cloudEvents:type": "t"});
    for body in [&b"\xff\xfe\0"[..], b"", b"{", b"{} {}", b"{\"a\":1},\"subject\":\"someone else\"", b"\xef\xbb\xbf{}"]
    {
        let invocation = &invocations(&[(properties.clone(), body)])[0];
        let delivery = read(invocation.clone().into()).unwrap();
        let event = &events(&delivery)[0];
        assert_eq!(event["data_base64"], BASE64_STANDARD.encode(body));
        assert_eq!(event.as_object().unwrap().len(), 4, "{event}");
    }
    let delivery = read(recorded("service-bus/many-binary-binbody")).unwrap();
    assert_eq!(events(&delivery)[1]["data_base64"], "//4AAYAiew==");
}

#[test]
fn messages_and_attributes_that_do_not_fit_are_refused() {
    let good: Value = serde_json::from_str(&invocations(&[(json!({}), b"{}"), (json!({}), b"{}")])[0]).unwrap();
    assert_eq!(read(good.to_string().into()).unwrap().positions.len(), 2);
    for (member, value) in [
        ("/Metadata/SequenceNumberArray", json!("[1]")),
        ("/Metadata/SequenceNumberArray", json!("[1,\"x\"]")),
        ("/Metadata/EnqueuedTimeUtcArray", json!("[]")),
        ("/Metadata/ApplicationPropertiesArray", json!("{}")),
        ("/Metadata/ContentTypeArray", json!(null)),
        ("/Metadata/Client", json!({})),
        ("/Data/whatever", json!("[")),
        ("/Data/whatever", json!("[\"\"]")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(member).unwrap() = value;
        assert_eq!(read(bad.to_string().into()).unwrap_err(), BadInvocation::NotMessages, "{bad}");
    }
    insta::assert_snapshot!(BadInvocation::NotMessages, @r#"The messages and their attributes can't be told: set "cardinality": "many" and "dataType": "binary" in the trigger's function.json."#);
}

#[test]
fn an_empty_batch_is_a_delivery_of_nothing() {
    let delivery = read(invocations(&[])[0].clone().into()).unwrap();
    assert_eq!((&*delivery.events, delivery.positions.len()), ("[]", 0));
}
