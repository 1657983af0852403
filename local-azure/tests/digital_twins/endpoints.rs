//! Endpoints of Event Hubs and Service Bus: every kind of notification as it arrives there, compared with the examples in
//! `tests/fixtures/messages`, most of which Azure publishes; and what becomes of notifications when a service is in
//! trouble.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::{FutureExt, future::join_all};
use local_azure::{
    digital_twins::{
        Config, Destination, DigitalTwins, Endpoint, EndpointSnapshot, EventRoute, Graph, Precondition, Telemetry,
    },
    event_hubs::{self, Answer, Cut, EventHubs, HubConfig, StoredEvent, TokenAnswer},
    service_bus::{self, ServiceBus, StoredMessage, TopicConfig},
};
use serde_json::{Value, json};
use tokio::{task::unconstrained, time::timeout};

use crate::{
    clients::run_slowly,
    examples::{example, exists, is_time, is_trace, is_uuid, replace, replace_in_data},
    support::{HOST, SENSOR, SOON, interface},
};

/// The hub that the twins' notifications go to.
const HUB: &str = "adt";

/// The topic that they go to, and its subscription.
const TOPIC: &str = "adt";
const SUBSCRIPTION: &str = "bridge";

const MODEL: &str = "dtmi:examplecom:interfaceName;1";
const FLOOR: &str = "dtmi:example:com:floor4;2";
const GRINDING: &str = "dtmi:com:microsoft:iot:e2e:digital_factory:production_step_grinding;1";

fn hubs(partitions: u32) -> EventHubs {
    EventHubs::start(event_hubs::Config { hubs: vec![HubConfig::new(HUB, partitions)], ..Default::default() }).unwrap()
}

/// An instance that tells everything to one endpoint.
async fn instance(destination: Destination) -> DigitalTwins {
    let config = Config {
        host_name: HOST.to_owned(),
        endpoints: vec![Endpoint { name: "all".to_owned(), destination }],
        routes: vec![EventRoute { id: "all".to_owned(), endpoint_name: "all".to_owned(), filter: "true".to_owned() }],
        ..Config::default()
    };
    DigitalTwins::start(config).await.unwrap()
}

fn hub(hubs: &EventHubs) -> Destination {
    Destination::EventHub { connection_string: hubs.connection_string(HUB), partition_by_twin: true }
}

fn service_bus() -> ServiceBus {
    let topics = vec![TopicConfig::new(TOPIC, SUBSCRIPTION)];
    ServiceBus::start(service_bus::Config { topics, ..Default::default() }).unwrap()
}

fn topic(bus: &ServiceBus) -> Destination {
    Destination::ServiceBus { connection_string: bus.connection_string(TOPIC), topic: TOPIC.to_owned() }
}

fn snapshot(graph: &Graph) -> EndpointSnapshot {
    graph.endpoint("all").unwrap()
}

/// Makes changes that give one notification each, and names their examples; none where there is no example. Each waits
/// until the one before has arrived, since only the order of a twin is kept.
async fn make_every_change(graph: &Graph) -> Vec<Option<&'static str>> {
    let property = |name: &str, schema: &str| json!({"@type": "Property", "name": name, "schema": schema});
    let relationship =
        |name: &str, of: &str| json!({"@type": "Relationship", "name": name, "properties": [property(of, "string")]});
    let component = |name: &str, schema: &str| json!({"@type": "Component", "name": name, "schema": schema});
    let part = "dtmi:example:Part;1";
    let outer = "dtmi:examplecom:outer;1";
    let steps = ["ChasisTemperature", "Force", "PowerUsage", "Vibration"].map(|name| property(name, "double"));
    let models = vec![
        interface(
            MODEL,
            json!([
                property("room", "string"),
                relationship("Connected", "connectionType"),
                relationship("edge", "prop1")
            ]),
        ),
        interface(FLOOR, json!([property("Temperature", "integer"), component("comp1", part)])),
        interface(part, json!([property("prop1", "integer")])),
        interface(outer, json!([component("component1", MODEL)])),
        interface(GRINDING, json!(steps)),
    ];
    graph.put_models(models).unwrap();

    let mut told = Vec::new();
    let mut arrived = async |example| {
        graph.sent().await;
        told.push(example);
    };
    let always = || Precondition::None;
    let of = |model: &str| json!({"$metadata": {"$model": model}});
    let body = |example: &str| self::example(&format!("messages/{example}"))["body"].clone();
    let room = |name: &str| json!([{"op": "replace", "path": "/room", "value": name}]);

    let twin = json!({"$metadata": {"$model": MODEL}, "room": "room name"});
    graph.put_twin("example-twin1", twin, always()).await.unwrap();
    arrived(Some("twin-create")).await;
    graph.update_twin("example-twin1", room("new name"), always()).await.unwrap();
    arrived(Some("twin-update")).await;
    graph.update_twin("example-twin1", room("room name"), always()).await.unwrap();
    arrived(None).await;

    let with_component = "RuntimeEventsScenario_componentTwin_6f6635d8-f1b8-43ec-80fb-bb9453fc611c";
    for (id, twin) in [
        ("device1", of(MODEL)),
        ("device2", of(MODEL)),
        ("floor4", json!({"$metadata": {"$model": FLOOR}, "Temperature": 1, "comp1": {}})),
        ("GrindingStep", of(GRINDING)),
        (with_component, json!({"$metadata": {"$model": outer}, "component1": {}})),
    ] {
        graph.put_twin(id, twin, always()).await.unwrap();
        arrived(None).await;
    }
    graph.update_twin("floor4", body("twin-update-component")["patch"].clone(), always()).await.unwrap();
    arrived(Some("twin-update-component")).await;
    graph.update_twin("GrindingStep", body("twin-update-grinding-step")["patch"].clone(), always()).await.unwrap();
    arrived(Some("twin-update-grinding-step")).await;

    let connected = json!({"$relationshipName": "Connected", "$targetId": "device2", "connectionType": "WIFI"});
    graph.put_relationship("device1", "device_to_device", connected, always()).await.unwrap();
    arrived(Some("relationship-create")).await;
    graph.delete_relationship("device1", "device_to_device", always()).await.unwrap();
    arrived(Some("relationship-delete")).await;
    let (id, edge) = ("RuntimeEventsScenario_edge", json!({"$relationshipName": "edge", "$targetId": "device1"}));
    graph.put_relationship("example-twin1", id, edge, always()).await.unwrap();
    arrived(None).await;
    let add = json!([{"op": "add", "path": "/prop1", "value": "old value"}]);
    graph.update_relationship("example-twin1", id, add, always()).await.unwrap();
    arrived(None).await;
    let patch = body("relationship-update")["patch"].clone();
    graph.update_relationship("example-twin1", id, patch, always()).await.unwrap();
    arrived(Some("relationship-update")).await;
    graph.delete_relationship("example-twin1", id, always()).await.unwrap();
    arrived(None).await;

    let id = "6f6635d8-f1b8-43ec-80fb-bb9453fc611c";
    graph.send_telemetry("example-twin1", Telemetry::new(id, body("telemetry"))).await.unwrap();
    arrived(Some("telemetry")).await;
    let telemetry = Telemetry::new(id, json!({"prop": "hello from telemetry"}));
    let from_component = Telemetry { component: Some("component1".to_owned()), ..telemetry };
    graph.send_telemetry(with_component, from_component).await.unwrap();
    arrived(Some("telemetry-component")).await;

    graph.delete_twin("example-twin1", always()).await.unwrap();
    arrived(Some("twin-delete")).await;
    told
}

/// The examples of that name: as a message, and the CloudEvent, whose binding makes a message of it.
fn examples(name: &str) -> Vec<Value> {
    let [message, event] = [format!("messages/{name}"), format!("notifications/{name}.cloudevents")];
    let mut examples = Vec::new();
    if exists(&message) {
        examples.push(example(&message));
    }
    if exists(&event) {
        let mut event = example(&event);
        let attributes = event.as_object_mut().unwrap();
        let body = attributes.remove("data").unwrap();
        attributes.remove("datacontenttype").unwrap();
        let prefixed = attributes.iter().map(|(name, value)| (format!("cloudEvents:{name}"), value.clone()));
        examples.push(json!({"applicationProperties": prefixed.collect::<BTreeMap<_, _>>(), "body": body}));
    }
    assert!(!examples.is_empty(), "there is no example named {name}");
    examples
}

/// A message with placeholders for what differs from one time to the next, once it has the right form.
fn normalized(mut message: Value) -> Value {
    let properties = &mut message["applicationProperties"];
    replace(properties, "cloudEvents:id", is_uuid);
    replace(properties, "cloudEvents:time", is_time);
    replace(properties, "cloudEvents:traceparent", is_trace);
    replace_in_data(&mut message["body"]);
    message
}

/// Each message is as its examples, and of the content type that goes with it.
fn are_as_the_examples(messages: impl IntoIterator<Item: Into<Message>>, told: &[Option<&str>]) {
    let messages: Vec<Message> = messages.into_iter().map(Into::into).collect();
    assert_eq!(messages.len(), told.len());
    for (message, name) in messages.iter().zip(told) {
        let Some(name) = name else { continue };
        let is_telemetry = name.starts_with("telemetry");
        let expected = if is_telemetry { "application/json-patch+json; charset=utf-8" } else { "application/json" };
        assert_eq!(message.content_type, expected, "{name}");
        let seen = json!({"applicationProperties": message.properties, "body": message.body});
        for example in examples(name) {
            assert_eq!(normalized(seen.clone()), normalized(example), "{name}");
        }
    }
}

/// A message as a consumer sees it.
struct Message {
    content_type: String,
    properties: BTreeMap<String, Value>,
    body: Value,
}

impl From<StoredEvent> for Message {
    fn from(event: StoredEvent) -> Self {
        let body = serde_json::from_slice(&event.body).unwrap();
        Self { content_type: event.content_type.unwrap(), properties: event.properties, body }
    }
}

impl From<StoredMessage> for Message {
    fn from(message: StoredMessage) -> Self {
        let body = serde_json::from_slice(&message.body).unwrap();
        Self { content_type: message.content_type.unwrap(), properties: message.properties, body }
    }
}

/// A message as the clients' scripts print it.
impl From<&Value> for Message {
    fn from(printed: &Value) -> Self {
        Self {
            content_type: printed["contentType"].as_str().unwrap().to_owned(),
            properties: serde_json::from_value(printed["properties"].clone()).unwrap(),
            body: serde_json::from_str(printed["body"].as_str().unwrap()).unwrap(),
        }
    }
}

#[tokio::test]
async fn every_kind_of_notification_arrives_at_the_hub_as_azure_sends_it() {
    let hubs = hubs(1);
    let twins = instance(hub(&hubs)).await;
    let told = make_every_change(twins.graph()).await;
    let events = hubs.wait_for(HUB, told.len(), SOON).await.unwrap();
    are_as_the_examples(events.iter().cloned(), &told);
    assert!(events.iter().all(|event| event.message_id.is_none()));
    let keys: Vec<_> = events.iter().map(|event| event.partition_key.as_deref().unwrap()).collect();
    let twin_of = |event: &StoredEvent| {
        let property = |name: &str| event.properties.get(name)?.as_str().map(str::to_owned);
        let named = property("cloudEvents:source").unwrap().split_once("/digitaltwins/").map(|(_, id)| id.to_owned());
        named.unwrap_or_else(|| property("cloudEvents:subject").unwrap().split('/').next().unwrap().to_owned())
    };
    assert_eq!(keys, events.iter().map(twin_of).collect::<Vec<_>>());
    let expected = told.len() as u64;
    twins.graph().sent().await;
    let healthy = EndpointSnapshot { taken: expected, accepted: expected, dropped: 0, problem: None };
    assert_eq!(snapshot(twins.graph()), healthy);
}

#[tokio::test]
async fn the_python_client_reads_every_kind_of_notification() {
    let hubs = hubs(1);
    let twins = instance(hub(&hubs)).await;
    let told = make_every_change(twins.graph()).await;
    let arguments = [hubs.connection_string(HUB), told.len().to_string()];
    let Some(read) = run_slowly("read_events.py", &arguments.each_ref().map(String::as_str)).await else { return };
    are_as_the_examples(&read, &told);
    let keys: Vec<_> = read.iter().map(|event| event["partitionKey"].as_str()).collect();
    let stored = hubs.events(HUB);
    assert_eq!(keys, stored.iter().map(|event| event.partition_key.as_deref()).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_kind_of_notification_arrives_at_the_topic_as_azure_sends_it() {
    let bus = service_bus();
    let twins = instance(topic(&bus)).await;
    let told = make_every_change(twins.graph()).await;
    let messages = bus.messages(TOPIC, SUBSCRIPTION);
    are_as_the_examples(messages, &told);
}

#[tokio::test]
async fn the_python_client_receives_every_kind_of_notification() {
    let bus = service_bus();
    let twins = instance(topic(&bus)).await;
    let told = make_every_change(twins.graph()).await;
    let (connection_string, count) = (bus.connection_string(TOPIC), told.len().to_string());
    let arguments = [&connection_string, TOPIC, SUBSCRIPTION, &count];
    let Some(received) = run_slowly("read_messages.py", &arguments).await else { return };
    are_as_the_examples(&received, &told);
    assert!(received.iter().all(|message| message["correlationId"].as_str().is_some_and(|id| id.len() == 36)));
    assert!(bus.wait_until(SOON, |bus| bus.messages(TOPIC, SUBSCRIPTION).is_empty()).await);
}

/// Three sensors that measure at the same time, each so many times, numbered from 0.
async fn measure(graph: &Graph, count: usize) {
    join_all(["a", "b", "c"].map(|twin| async move {
        for number in 0..count {
            let patch = json!([{"op": "add", "path": "/battery", "value": number}]);
            graph.update_twin(twin, patch, Precondition::None).await.unwrap();
        }
    }))
    .await;
}

async fn sensors(graph: &Graph) {
    let model = interface(SENSOR, json!([{"@type": "Property", "name": "battery", "schema": "long"}]));
    graph.put_models(vec![model]).unwrap();
    for twin in ["a", "b", "c"] {
        graph.put_twin(twin, json!({"$metadata": {"$model": SENSOR}}), Precondition::None).await.unwrap();
    }
}

/// The numbers that each sensor measured, in the order in which they arrived.
fn measured(messages: impl IntoIterator<Item: Into<Message>>) -> BTreeMap<String, Vec<u64>> {
    let mut measured: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for Message { properties, body, .. } in messages.into_iter().map(Into::into) {
        let twin = properties["cloudEvents:subject"].as_str().unwrap().to_owned();
        measured.entry(twin).or_default().extend(body["patch"][0]["value"].as_u64());
    }
    measured
}

/// Everything that was measured has arrived, of each sensor in order; some of it perhaps more than once.
fn nothing_is_missing(measured: &BTreeMap<String, Vec<u64>>, count: usize) {
    assert_eq!(measured.len(), 3);
    for (twin, numbers) in measured {
        let mut once = numbers.clone();
        once.dedup();
        assert!(once.iter().copied().eq(0..count as u64), "{twin}: {numbers:?}");
    }
}

#[tokio::test]
async fn whatever_happens_to_the_hub_nothing_is_lost_and_each_twin_keeps_its_order() {
    let hubs = Arc::new(hubs(4));
    let twins = instance(hub(&hubs)).await;
    let graph = twins.graph();
    sensors(graph).await;
    let count = 200;
    let trouble = async |hubs: Arc<EventHubs>| {
        let faults = hubs.faults();
        let wait_for = async |count| assert!(hubs.wait_until(SOON, |hubs| hubs.accepted(HUB) >= count).await);
        wait_for(30).await;
        hubs.pause();
        hubs.resume().unwrap();
        wait_for(90).await;
        faults.answer_next(1, Answer::Release);
        faults.answer_next(1, Answer::Modify);
        wait_for(150).await;
        faults.expire_tokens();
        faults.cut_next_transfer(Cut::AfterStoring);
        wait_for(210).await;
        faults.cut_next_transfer(Cut::BeforeStoring);
        wait_for(270).await;
        let condition = "com.microsoft:server-busy".to_owned();
        faults.answer_next(2, Answer::Reject { condition, description: "Later.".to_owned() });
        wait_for(330).await;
        faults.cut_connections();
        faults.answer_tokens(TokenAnswer::Refuse { status: 401, description: "Not you.".to_owned() });
        let refused = |graph: &Graph| snapshot(graph).problem.is_some_and(|problem| problem.contains("Not you."));
        while !refused(graph) {
            tokio::task::yield_now().await;
        }
        faults.heal();
    };
    timeout(SOON, async { tokio::join!(measure(graph, count), trouble(Arc::clone(&hubs))) }).await.unwrap();
    timeout(SOON, graph.sent()).await.unwrap();

    nothing_is_missing(&measured(hubs.events(HUB)), count);
    let EndpointSnapshot { taken, accepted, dropped, problem } = snapshot(graph);
    assert_eq!((taken, accepted, dropped, problem), (3 + 3 * count as u64, taken, 0, None));
}

#[tokio::test]
async fn whatever_happens_to_the_topic_nothing_is_lost_and_each_twin_keeps_its_order() {
    let bus = Arc::new(service_bus());
    let twins = instance(topic(&bus)).await;
    let graph = twins.graph();
    sensors(graph).await;
    let count = 100;
    let trouble = async |bus: Arc<ServiceBus>| {
        let wait_for = async |count| {
            assert!(bus.wait_until(SOON, |bus| bus.messages(TOPIC, SUBSCRIPTION).len() >= count).await);
        };
        wait_for(30).await;
        bus.pause();
        bus.resume().unwrap();
        wait_for(90).await;
        bus.faults().expire_tokens();
        wait_for(150).await;
        bus.faults().cut_connections();
    };
    timeout(SOON, async { tokio::join!(measure(graph, count), trouble(Arc::clone(&bus))) }).await.unwrap();
    timeout(SOON, graph.sent()).await.unwrap();
    nothing_is_missing(&measured(bus.messages(TOPIC, SUBSCRIPTION)), count);
}

#[tokio::test]
async fn without_a_key_the_hub_deals_the_events_of_a_twin_out_to_its_partitions() {
    let hubs = hubs(4);
    let (connection_string, partition_by_twin) = (hubs.connection_string(HUB), false);
    let twins = instance(Destination::EventHub { connection_string, partition_by_twin }).await;
    sensors(twins.graph()).await;
    measure(twins.graph(), 20).await;
    twins.stop().await;
    let events = hubs.events(HUB);
    assert_eq!(events.len(), 63);
    assert!(events.iter().all(|event| event.partition_key.is_none()));
    let partitions = |twin: &str| {
        let of_twin = events.iter().filter(|event| event.properties["cloudEvents:subject"] == twin);
        of_twin.map(|event| event.partition).collect::<BTreeSet<_>>()
    };
    assert!(["a", "b", "c"].into_iter().all(|twin| partitions(twin).len() > 1));
}

#[tokio::test]
async fn what_was_told_before_the_end_is_at_the_hub_after_it() {
    let hubs = hubs(4);
    let twins = instance(hub(&hubs)).await;
    sensors(twins.graph()).await;
    measure(twins.graph(), 10).await;
    twins.stop().await;
    assert_eq!(hubs.events(HUB).len(), 33);
}

#[tokio::test]
async fn while_the_hub_is_away_a_thousand_notifications_wait_and_then_changes() {
    let hubs = hubs(4);
    let twins = instance(hub(&hubs)).await;
    let graph = twins.graph();
    sensors(graph).await;
    graph.sent().await;
    hubs.pause();
    let change = |number| {
        let patch = json!([{"op": "add", "path": "/battery", "value": number}]);
        graph.update_twin("a", patch, Precondition::None)
    };
    let mut made = 0;
    let waiting = loop {
        // Without the pauses that the runtime makes so that others have their turn.
        let mut waiting = Box::pin(unconstrained(change(made)));
        if (&mut waiting).now_or_never().is_none() {
            break waiting;
        }
        made += 1;
    };
    assert_eq!((made, snapshot(graph).held()), (1000, 1000));
    hubs.resume().unwrap();
    timeout(SOON, waiting).await.unwrap().unwrap();
    timeout(SOON, graph.sent()).await.unwrap();
    assert!(measured(hubs.events(HUB))["a"].iter().copied().eq(0..=1000));
}

#[tokio::test]
async fn a_notification_that_the_hub_can_not_take_is_dropped() {
    let hubs = hubs(1);
    hubs.faults().set_max_message_size(20_000);
    let twins = instance(hub(&hubs)).await;
    let graph = twins.graph();
    sensors(graph).await;
    graph.send_telemetry("a", Telemetry::new("large", json!({"x": "x".repeat(20_000)}))).await.unwrap();
    graph.send_telemetry("a", Telemetry::new("small", json!({}))).await.unwrap();
    timeout(SOON, graph.sent()).await.unwrap();
    let last = hubs.events(HUB).pop().unwrap();
    assert_eq!((&last.properties["cloudEvents:id"], snapshot(graph).dropped), (&json!("small"), 1));
}

#[tokio::test]
async fn an_endpoint_that_can_not_be_one_is_refused_with_its_reason() {
    let start = async |connection_string: &str| {
        let destination =
            Destination::EventHub { connection_string: connection_string.to_owned(), partition_by_twin: true };
        let endpoints = vec![Endpoint { name: "hub".to_owned(), destination }];
        DigitalTwins::start(Config { endpoints, ..Config::default() }).await.unwrap_err().to_string()
    };
    let access = "SharedAccessKeyName=all;SharedAccessKey=x;UseDevelopmentEmulator=true";
    assert_eq!(
        start(&format!("Endpoint=sb://127.0.0.1:1;{access}")).await,
        "the connection string of the endpoint hub has no EntityPath"
    );
    assert_eq!(start(access).await, "the connection string of the endpoint hub has no Endpoint");
}
