//! Replays of what a real host posted for messages of Event Hubs and Service Bus.
//!
//! The messages are those that were handed to it, put together from what the recordings tell of them, and everything must
//! be the same to the byte but for ids, the time, tokens of locks and the name of the namespace.

use std::path::Path;

use fe2o3_amqp_types::messaging::{
    ApplicationProperties, Batch, Body, Data, Header, Message, MessageAnnotations, Properties,
};
use fe2o3_amqp_types::primitives::{SimpleValue, Symbol, Timestamp};
use local_azure::functions_host::{FunctionsHost, Handler};

use crate::namespace::{AmqpMessage, Namespace};
use crate::support::{Answer, App, FakeHandler, Posted, read_json};

/// `tests/fixtures/recordings/README.md` says where they are from.
const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/recordings");

const NAMESPACE: &str = "myns.servicebus.windows.net";

const UPDATE: &str = r#"{"modelId":"dtmi:example:com:floor4;2","patch":[{"value":40.5,"path":"/Temperature","op":"replace"},{"value":"2024-11-27T22:10:05.1234567Z","path":"/lastSeen","op":"add"}]}"#;

const TELEMETRY: &str = r#"{"Temperature":10,"at":"2024-11-27T22:10:05.1234567+02:00","big":12345678901234567890,"f":1.0,"note":"café \"q\"","properties":{"cloudEvents:type":"spoofed"},"SequenceNumber":1,"nested":{"a":1},"list":[1]}"#;

const CREATE: &str = r#"{"$dtId":"floor1","$etag":"W/\"e398dbf4-8214-4483-9d52-880b61e491ec\"","$metadata":{"$model":"dtmi:example:Floor;1"}}"#;

const SPOOF: &str = r#"{"applicationProperties":{"cloudEvents:type":"spoofed"},"DELIVERYCOUNT":99,"sys":{"MethodName":"other"},"client":null,"xTrigger":1}"#;

/// No text in UTF-8, though a byte order mark makes one in UTF-16 of it.
const NO_TEXT: &[u8] = b"\xff\xfe\x00\x01\x80\x22\x7b";

/// When the first message of each batch was enqueued, in milliseconds.
const ENQUEUED: i64 = 1_732_745_410_789;

fn of(body: &[u8], content_type: &str, properties: Vec<(String, SimpleValue)>) -> AmqpMessage {
    let mut application_properties = ApplicationProperties::default();
    for (name, value) in properties {
        application_properties.insert(name, value);
    }
    Message::builder()
        .properties(Properties { content_type: Some(Symbol::from(content_type)), ..Properties::default() })
        .application_properties(application_properties)
        .body(Body::Data(Batch::new(vec![Data::from(body)])))
        .build()
}

fn notification(body: &str, attributes: [(&str, &str); 7]) -> AmqpMessage {
    let property = |(name, value): (&str, &str)| (format!("cloudEvents:{name}"), SimpleValue::String(value.to_owned()));
    of(body.as_bytes(), "application/json", attributes.map(property).to_vec())
}

fn update() -> AmqpMessage {
    notification(
        UPDATE,
        [
            ("specversion", "1.0"),
            ("id", "d047e992-dddc-4a5a-b0af-fa79832235f8"),
            ("type", "Microsoft.DigitalTwins.Twin.Update"),
            ("source", "contoso-adt.api.wus2.digitaltwins.azure.net"),
            ("subject", "floor4"),
            ("time", "2024-11-27T22:10:05.123Z"),
            ("traceparent", "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01"),
        ],
    )
}

fn telemetry() -> AmqpMessage {
    notification(
        TELEMETRY,
        [
            ("specversion", "1.0"),
            ("id", "df5a5992-817b-4e8a-b12c-e0b18d4bf8fb"),
            ("type", "microsoft.iot.telemetry"),
            ("source", "contoso-adt.api.wus2.digitaltwins.azure.net/digitaltwins/room1"),
            ("dataschema", "dtmi:example:com:floor4;2"),
            ("time", "2024-11-27T22:10:06.7654321Z"),
            ("traceparent", "00-7e3081c6d3edfb4eaf7d3244b2036baa-23d762f4d9f81741-01"),
        ],
    )
}

fn create() -> AmqpMessage {
    notification(
        CREATE,
        [
            ("specversion", "1.0"),
            ("id", "11111111-dddc-4a5a-b0af-fa79832235f8"),
            ("type", "Microsoft.DigitalTwins.Twin.Create"),
            ("source", "contoso-adt.api.wus2.digitaltwins.azure.net"),
            ("subject", "floor1"),
            ("time", "2024-11-27T22:10:07Z"),
            ("traceparent", "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d643-01"),
        ],
    )
}

/// With a property of each type.
fn typed() -> AmqpMessage {
    let id = *b"\x11\x11\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55";
    let properties = vec![
        ("str", SimpleValue::String("x".to_owned())),
        ("int", SimpleValue::Int(5)),
        ("long", SimpleValue::Long(9_007_199_254_740_992)),
        ("ubyte", SimpleValue::Ubyte(7)),
        ("dbl", SimpleValue::Double(1.5.into())),
        ("flt", SimpleValue::Float(1.25.into())),
        ("bool", SimpleValue::Bool(true)),
        ("nul", SimpleValue::Null),
        ("ts", SimpleValue::Timestamp(Timestamp::from(1_732_745_405_120))),
        ("uuid", SimpleValue::Uuid(id.into())),
        ("sym", SimpleValue::Symbol(Symbol::from("sy"))),
        ("bin", SimpleValue::Binary(vec![0, 1, 2, 255].into())),
        ("isoStr", SimpleValue::String("2024-11-27T22:10:05.1234567+02:00".to_owned())),
    ];
    let properties = properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut message = of(b"{}", "application/json", properties);
    let own = message.properties.as_mut().unwrap();
    own.message_id = Some("m-1".to_owned().into());
    own.subject = Some("s".to_owned());
    own.correlation_id = Some("c-1".to_owned().into());
    message
}

fn no_text() -> AmqpMessage {
    of(NO_TEXT, "application/octet-stream", Vec::new())
}

fn spoof() -> AmqpMessage {
    let kind = ("cloudEvents:type".to_owned(), SimpleValue::String("real".to_owned()));
    of(SPOOF.as_bytes(), "application/json", vec![kind])
}

/// As a partition has them, the first with that sequence number.
fn in_partition(sequence_number: i64, key: Option<&str>, events: Vec<AmqpMessage>) -> Vec<AmqpMessage> {
    let place = |(index, event): (i64, AmqpMessage)| {
        let number = sequence_number + index;
        let annotations = MessageAnnotations::builder()
            .insert("x-opt-sequence-number", number)
            .insert("x-opt-offset", (4_294_967_296 + 1_000 * number).to_string())
            .insert("x-opt-enqueued-time", Timestamp::from(ENQUEUED + 1_000 * index));
        let annotations = match key {
            Some(key) => annotations.insert("x-opt-partition-key", key),
            None => annotations,
        };
        AmqpMessage { message_annotations: Some(annotations.build()), ..event }
    };
    (0..).zip(events).map(place).collect()
}

/// As a queue has them, the first with that sequence number.
fn in_queue(sequence_number: i64, messages: Vec<AmqpMessage>) -> Vec<AmqpMessage> {
    let place = |(index, mut message): (i64, AmqpMessage)| {
        let annotations = MessageAnnotations::builder()
            .insert("x-opt-sequence-number", sequence_number + index)
            .insert("x-opt-enqueued-time", Timestamp::from(ENQUEUED + 1_000 * index));
        message.message_annotations = Some(annotations.build());
        message.header = Some(Header { ttl: Some(14 * 24 * 60 * 60 * 1_000), ..Header::default() });
        let id = &mut message.properties.as_mut().unwrap().message_id;
        *id = id.take().or_else(|| Some(format!("{index:032}").into()));
        message
    };
    (0..).zip(messages).map(place).collect()
}

/// The messages of one recording, and what its function says of them.
struct Case {
    file: &'static str,
    binding: &'static str,
    messages: Vec<AmqpMessage>,
}

fn case(file: &'static str, binding: &'static str, messages: Vec<AmqpMessage>) -> Case {
    Case { file, binding, messages }
}

#[tokio::test]
async fn events_are_posted_as_the_host_posted_them() {
    let batch = || in_partition(102, None, vec![update(), telemetry(), create()]);
    let cases = [
        case("one", "", in_partition(100, None, vec![update()])),
        case("one-telemetry-overlay", "", in_partition(101, None, vec![telemetry()])),
        case("one-amqp-types", "", in_partition(105, Some("floor4"), vec![typed()])),
        case("one-datatype-binary", r#","dataType":"binary""#, in_partition(100, None, vec![update()])),
        case("one-datatype-binary-telemetry", r#","dataType":"binary""#, in_partition(101, None, vec![telemetry()])),
        case(
            "one-datatype-binary-binbody",
            r#","dataType":"binary""#,
            in_partition(106, Some("floor4"), vec![no_text()]),
        ),
        case("many", r#","dataType":"string""#, batch()),
        case("many-no-datatype", "", batch()),
        case("many-datatype-binary", r#","dataType":"binary""#, batch()),
    ];
    let replayed = cases.len();
    for case in cases {
        let (name, cardinality) = binding(case.file, "event");
        let binding = format!(
            r#"{{"bindings":[{{"type":"eventHubTrigger","direction":"in","name":"{name}","eventHubName":"adt-events",
                "consumerGroup":"bridge","connection":"SOURCE","cardinality":"{cardinality}"{}}}]}}"#,
            case.binding
        );
        replay("event-hubs", &binding, case).await;
    }
    assert_eq!(replayed, recordings("event-hubs") - 1, "one is of retries");
}

#[tokio::test]
async fn messages_are_posted_as_the_host_posted_them() {
    let batch = || in_queue(113, vec![update(), telemetry(), create()]);
    let binary = r#","dataType":"binary""#;
    let forever = |mut messages: Vec<AmqpMessage>| {
        messages[0].header = None;
        messages
    };
    let spoofed = || {
        let mut messages = in_queue(7, vec![spoof()]);
        messages[0].header = Some(Header { delivery_count: 3, ..Header::default() });
        messages[0].properties.as_mut().unwrap().message_id = Some("1".to_owned().into());
        messages
    };
    let cases = [
        case("queue-one", "", in_queue(111, vec![update()])),
        case("queue-one-no-ttl", "", forever(in_queue(126, vec![update()]))),
        case("queue-one-telemetry-overlay", "", in_queue(112, vec![telemetry()])),
        case("queue-one-amqp-types", "", in_queue(116, vec![typed()])),
        case("queue-one-binary-body-as-string", "", in_queue(117, vec![no_text()])),
        case("queue-one-datatype-binary", binary, in_queue(111, vec![update()])),
        case("queue-one-spoof", "", spoofed()),
        case("queue-one-spoof-binary", binary, spoofed()),
        case("many", r#","dataType":"string""#, batch()),
        case("many-no-datatype", "", batch()),
        case("many-datatype-binary", binary, batch()),
        case("many-binary-binbody", binary, in_queue(120, vec![update(), no_text()])),
    ];
    let replayed = cases.len();
    for case in cases {
        let (name, cardinality) = binding(case.file, "message");
        let binding = format!(
            r#"{{"bindings":[{{"type":"serviceBusTrigger","direction":"in","name":"{name}","topicName":"adt",
                "subscriptionName":"bridge","connection":"SOURCE","cardinality":"{cardinality}"{}}}]}}"#,
            case.binding
        );
        replay("service-bus", &binding, case).await;
    }
    assert_eq!(replayed, recordings("service-bus") - 1, "one is of a session");
}

/// The name of a binding, and its cardinality.
fn binding(file: &str, one: &str) -> (String, &'static str) {
    if file.starts_with("many") { (format!("{one}s"), "many") } else { (one.to_owned(), "one") }
}

fn recordings(folder: &str) -> usize {
    std::fs::read_dir(Path::new(RECORDINGS).join(folder)).unwrap().count()
}

/// A `host.json` with which so many messages make one batch however slow the machine is.
fn host_json(messages: usize) -> String {
    format!(
        r#"{{"version":"2.0","extensions":{{"eventHubs":{{"minEventBatchSize":{messages}}},
            "serviceBus":{{"minMessageBatchSize":{messages}}}}}}}"#
    )
}

async fn replay(folder: &str, function_json: &str, case: Case) {
    let recording = read_json(&Path::new(RECORDINGS).join(folder).join(format!("{}.json", case.file)));
    let path = recording["request"]["url"].as_str().unwrap();
    let host_json = host_json(case.messages.len());
    let namespace = Namespace::with(case.messages).await;
    let handler = FakeHandler::start(Answer::json("{}")).await;
    let app = App::with_function(path.trim_start_matches('/'), function_json, &host_json);
    let mut config = app.config(Handler::Listening(handler.address));
    config.environment = vec![("SOURCE".to_owned(), namespace.connection_string())];
    let _host = FunctionsHost::start(config).await.unwrap();

    let posted = handler.next_posted().await;
    assert_eq!((posted.method.as_str(), posted.path.as_str()), ("POST", path), "{}", case.file);
    assert_eq!(headers(&posted), recorded_headers(&recording["request"]["rawHeaders"]), "{}", case.file);
    assert_eq!(settled(&posted.body), settled(recording["body"].as_str().unwrap()), "{}", case.file);
}

#[tokio::test]
async fn the_last_retry_is_posted_as_the_host_posted_it() {
    let namespace = Namespace::with(in_partition(107, None, vec![update(), create()])).await;
    let handler = FakeHandler::start(Answer { status: 500, ..Answer::json("{}") }).await;
    let function_json = r#"{"bindings":[{"type":"eventHubTrigger","direction":"in","name":"events",
        "eventHubName":"adt-events","connection":"SOURCE","cardinality":"many","dataType":"binary"}],
        "retry":{"strategy":"fixedDelay","maxRetryCount":2,"delayInterval":"00:00:00.01"}}"#;
    let app = App::with_function("EhRetry", function_json, &host_json(2));
    let mut config = app.config(Handler::Listening(handler.address));
    config.environment = vec![("SOURCE".to_owned(), namespace.connection_string())];
    let _host = FunctionsHost::start(config).await.unwrap();

    let first = handler.next_posted().await.body;
    let retry = r#""RetryContext":{"RetryCount":0,"MaxRetryCount":2,"Exception":null,"Instance":null,"State":{}}}}"#;
    assert!(first.ends_with(retry), "{first}");
    handler.next_posted().await;
    let recording = read_json(&Path::new(RECORDINGS).join("event-hubs/many-retry-last.json"));
    let last = handler.next_posted().await.body;
    assert_eq!(settled(&last), settled(recording["body"].as_str().unwrap()));
}

fn headers(posted: &Posted) -> Vec<(String, String)> {
    comparable(posted.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())))
}

fn recorded_headers(raw: &serde_json::Value) -> Vec<(String, String)> {
    let raw: Vec<_> = raw.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    comparable(raw.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())))
}

fn comparable(headers: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let headers = headers.map(|(name, value)| match name.to_lowercase() {
        name if name == "host" || name == "x-azure-functions-invocationid" => (name, "any".to_owned()),
        name => (name, value),
    });
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    headers
}

/// A body without what is that run's.
fn settled(body: &str) -> String {
    let mut body = body.replace("127.0.0.1", NAMESPACE);
    for (before, after) in [
        (r#""UtcNow":""#, "\""),
        (r#""RandGuid":""#, "\""),
        (r#""LockToken":""#, "\","),
        (r#""LockTokenArray":""#, "]"),
        (r#""Identifier":"myns.servicebus.windows.net-"#, "\""),
        (r#""InstanceId":""#, "\""),
    ] {
        if let Some(start) = body.find(before).map(|at| at + before.len()) {
            let end = start + body[start..].find(after).unwrap();
            body.replace_range(start..end, "any");
        }
    }
    body
}
