//! `$management`: what hubs and partitions there are, which clients read before they consume.

use fe2o3_amqp_types::primitives::{Array, OrderedMap, Timestamp, Value};
use time::OffsetDateTime;

use super::{client::Client, store::Hub};
use crate::amqp::{
    message::AmqpMessage,
    misbehaviour::TokenAnswer,
    reply::{Reply, property},
    sas::verify,
};

/// Answers a request to `$management`.
pub(super) fn answer(request: &AmqpMessage, client: &Client) -> Reply {
    if property(request, "operation") != Some("READ") {
        return Reply::status(400, "BadRequest: The operation is not supported.");
    }
    let name = property(request, "name").unwrap_or_default();
    let Some(hub) = client.service.store.hub(name) else {
        return Reply::status(404, format!("The messaging entity '{name}' could not be found."));
    };
    if let Err(refusal) = authorise(request, name, client) {
        return refusal;
    }
    match property(request, "type") {
        Some("com.microsoft:eventhub") => describe_hub(&hub),
        Some("com.microsoft:partition") => describe_partition(&hub, property(request, "partition").unwrap_or_default()),
        _ => Reply::status(400, "BadRequest: The type is not supported."),
    }
}

/// Whether a request may be answered: as its own token says, if it brings one, else by what `$cbs` has granted. The .NET
/// client puts no token to `$cbs` for this.
fn authorise(request: &AmqpMessage, hub: &str, client: &Client) -> Result<(), Reply> {
    let service = &client.service;
    match (property(request, "security_token"), service.faults.token_answer()) {
        (Some(_), TokenAnswer::Refuse { status, description }) => Err(Reply::status(status, description)),
        (Some(token), TokenAnswer::Verify) if token.starts_with("SharedAccessSignature ") => {
            // Clients sign for the hub or for its management node.
            verify(token, &format!("{hub}/$management"), service.config.policy(), OffsetDateTime::now_utc())
                .map(drop)
                .map_err(|reason| Reply::status(401, reason))
        }
        // A token of a directory, which is taken unseen here as everywhere.
        (Some(_), TokenAnswer::Verify) => Ok(()),
        (None, _) if client.grants.cover_management_of(hub) => Ok(()),
        (None, _) => Err(Reply::status(401, format!("Unauthorized access. 'Listen' claim is required for '{hub}'."))),
    }
}

fn describe_hub(hub: &Hub) -> Reply {
    let ids: Vec<_> = (0..hub.partitions.len()).map(|number| Value::String(number.to_string())).collect();
    found([
        ("name", Value::String(hub.name.clone())),
        ("type", Value::String("com.microsoft:eventhub".to_owned())),
        ("created_at", time_of(hub.created)),
        ("partition_count", Value::Int(i32::try_from(ids.len()).unwrap_or(i32::MAX))),
        ("partition_ids", Value::Array(Array::from(ids))),
    ])
}

fn describe_partition(hub: &Hub, id: &str) -> Reply {
    let Some(end) = hub.end(id) else {
        return Reply::status(404, format!("The partition '{id}' of '{}' could not be found.", hub.name));
    };
    found([
        ("name", Value::String(hub.name.clone())),
        ("type", Value::String("com.microsoft:partition".to_owned())),
        ("partition", Value::String(id.to_owned())),
        ("begin_sequence_number", Value::Long(end.first_sequence_number)),
        ("last_enqueued_sequence_number", Value::Long(end.next_sequence_number - 1)),
        ("last_enqueued_sequence_number_epoch", Value::Long(-1)),
        ("last_enqueued_offset", Value::String(end.last_offset.to_string())),
        ("last_enqueued_time_utc", time_of(end.last_enqueued.unwrap_or(OffsetDateTime::UNIX_EPOCH))),
        ("is_partition_empty", Value::Bool(end.first_sequence_number == end.next_sequence_number)),
    ])
}

fn found<const N: usize>(fields: [(&str, Value); N]) -> Reply {
    let mut map = OrderedMap::new();
    for (name, value) in fields {
        map.insert(Value::String(name.to_owned()), value);
    }
    Reply { status: 200, description: "OK".to_owned(), body: Value::Map(map) }
}

fn time_of(time: OffsetDateTime) -> Value {
    Value::Timestamp(Timestamp::from(time))
}
