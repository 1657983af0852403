//! Batches of messages as the Functions host posts them for its Event Hubs and Service Bus triggers, with cardinality many
//! and binary data.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// The envelope of a batch of Event Hubs, whose messages are these events of the Event Grid schema.
pub fn event_hubs(events: &[Value]) -> String {
    let context = json!({
        "IsCheckpointingAfterInvocation": true, "FullyQualifiedNamespace": "contoso.servicebus.windows.net",
        "EventHubName": "adt-events", "ConsumerGroup": "bridge", "PartitionId": "0",
    });
    let system = |_: &Value| {
        json!({
            "content-type": "application/json", "x-opt-sequence-number": 102, "x-opt-offset": "4295069296",
            "x-opt-enqueued-time": "2024-11-27T22:10:10.789+00:00", "SequenceNumber": 102, "Offset": 4_295_069_296_u64,
            "OffsetString": "4295069296", "PartitionKey": null, "EnqueuedTimeUtc": "2024-11-27T22:10:10.789",
        })
    };
    envelope(
        events,
        &json!({
            "TriggerPartitionContext": context.clone(),
            "PartitionContext": context,
            "PartitionKeyArray": array(events, |_| Value::Null),
            "OffsetArray": array(events, |_| json!("4295069296")),
            "OffsetStringArray": array(events, |_| json!("4295069296")),
            "SequenceNumberArray": array(events, |_| json!(102)),
            "EnqueuedTimeUtcArray": array(events, |_| json!("2024-11-27T22:10:10.789")),
            "PropertiesArray": array(events, properties),
            "SystemPropertiesArray": array(events, system),
        }),
    )
}

/// The same of Service Bus.
pub fn service_bus(events: &[Value]) -> String {
    envelope(
        events,
        &json!({
            "Client": {
                "FullyQualifiedNamespace": "contoso.servicebus.windows.net", "IsClosed": false, "TransportType": 0,
                "Identifier": "contoso.servicebus.windows.net-520185b9-3361-48ee-bc28-6c85bd8766e0",
            },
            "DeliveryCountArray": array(events, |_| json!(1)),
            "LockTokenArray": array(events, |_| json!("1eb07131-1333-4df6-8f1a-27f1f366e196")),
            "EnqueuedTimeUtcArray": array(events, |_| json!("2024-11-27T22:10:10.789")),
            "EnqueuedTimeArray": array(events, |_| json!("2024-11-27T22:10:10.789+00:00")),
            "MessageIdArray": array(events, |_| json!("00000000000000000000000000000000")),
            "ContentTypeArray": array(events, |_| json!("application/json")),
            "SequenceNumberArray": array(events, |_| json!(113)),
            "ApplicationPropertiesArray": array(events, properties),
            "UserPropertiesArray": array(events, properties),
        }),
    )
}

fn envelope(events: &[Value], metadata: &Value) -> String {
    let body = |event: &Value| json!(BASE64_STANDARD.encode(event["data"]["data"].to_string()));
    json!({"Data": {"events": array(events, body)}, "Metadata": metadata}).to_string()
}

/// An array as the host writes it: as text.
fn array(events: &[Value], value: impl Fn(&Value) -> Value) -> String {
    Value::from(events.iter().map(value).collect::<Vec<_>>()).to_string()
}

fn properties(event: &Value) -> Value {
    json!({
        "cloudEvents:specversion": "1.0", "cloudEvents:id": event["id"], "cloudEvents:type": event["eventType"],
        "cloudEvents:source": "contoso-adt.api.wus2.digitaltwins.azure.net", "cloudEvents:subject": event["subject"],
        "cloudEvents:time": event["eventTime"], "cloudEvents:traceparent": event["data"]["traceparent"],
    })
}
