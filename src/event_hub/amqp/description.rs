//! What the hub says of itself.

use fe2o3_amqp_management::{client::MgmtClient, operations::ReadResponse, request::Request};
use fe2o3_amqp_types::{messaging::ApplicationProperties, primitives::Value};

use crate::event_hub::{SendError, token::Token};

/// Asks for the attributes of a hub. Source: Azure/azure-event-hubs-go and the other SDKs, which all ask so.
struct ReadHub<'a> {
    hub: &'a str,
    token: &'a str,
}

impl Request for ReadHub<'_> {
    const OPERATION: &'static str = "READ";
    type Response = ReadResponse;
    type Body = ();

    fn manageable_entity_type(&mut self) -> Option<String> {
        Some("com.microsoft:eventhub".to_owned())
    }

    fn encode_application_properties(&mut self) -> Option<ApplicationProperties> {
        Some(ApplicationProperties::builder().insert("name", self.hub).insert("security_token", self.token).build())
    }

    fn encode_body(self) {}
}

/// The ids of the hub's partitions, in their order.
pub(super) async fn partition_ids(
    management: &mut MgmtClient,
    hub: &str,
    token: &Token,
) -> Result<Vec<String>, SendError> {
    let hub = management.call(ReadHub { hub, token: &token.secret }).await?;
    let ids = match hub.entity_attributes.get("partition_ids") {
        Some(Value::Array(ids)) => ids.iter().map(text).collect(),
        _ => None,
    };
    ids.ok_or_else(|| SendError::Unreachable("the hub does not name its partitions".to_owned()))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}
