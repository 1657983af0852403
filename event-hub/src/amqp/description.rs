//! What the hub says of itself.

use std::time::Duration;

use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp_management::{client::MgmtClient, operations::ReadResponse, request::Request};
use fe2o3_amqp_types::{messaging::ApplicationProperties, primitives::Value};
use tokio::time::timeout;

use crate::{error::SendError, token::Token, transport::Failure};

/// The time for the links of the question to be closed in order.
const CLOSING: Duration = Duration::from_secs(1);

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
    session: &mut SessionHandle<()>,
    hub: &str,
    token: &Token,
) -> Result<Vec<String>, Failure> {
    let mut management = MgmtClient::attach(session, &format!("event-hub-producer-{:016x}", fastrand::u64(..))).await?;
    let described = management.call(ReadHub { hub, token: &token.secret }).await;
    let _ = timeout(CLOSING, management.close()).await;
    let ids = match described?.entity_attributes.get("partition_ids") {
        Some(Value::Array(ids)) => ids.iter().map(text).collect(),
        _ => None,
    };
    ids.ok_or_else(|| Failure::of_link(SendError::Interrupted("the hub does not name its partitions".to_owned())))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}
