//! What the hub says of itself and its partitions. Source: learn.microsoft.com, "AMQP request/response operations", and
//! Microsoft's clients.

use std::sync::Arc;

use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp_management::{client::MgmtClient, operations::ReadResponse, request::Request};
use fe2o3_amqp_types::{
    messaging::ApplicationProperties,
    primitives::{OrderedMap, Value},
};

use super::{fault::Fault, trouble::Trouble};
use crate::{moment::MILLISECOND, progress::End};

/// The links to the node `$management`.
pub(super) struct Management(MgmtClient);

/// What a hub says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Description {
    /// When it was made, in milliseconds since 1970: another one of the same name has another time.
    pub(super) created: Option<i64>,
    pub(super) partitions: Vec<Arc<str>>,
}

struct Read<'a> {
    hub: &'a str,
    partition: Option<&'a str>,
    token: &'a str,
}

impl Request for Read<'_> {
    const OPERATION: &'static str = "READ";
    type Response = ReadResponse;
    type Body = ();

    fn manageable_entity_type(&mut self) -> Option<String> {
        let kind = if self.partition.is_some() { "com.microsoft:partition" } else { "com.microsoft:eventhub" };
        Some(kind.to_owned())
    }

    fn encode_application_properties(&mut self) -> Option<ApplicationProperties> {
        let properties = ApplicationProperties::builder().insert("name", self.hub).insert("security_token", self.token);
        Some(match self.partition {
            Some(partition) => properties.insert("partition", partition).build(),
            None => properties.build(),
        })
    }

    fn encode_body(self) {}
}

impl Management {
    pub(super) async fn attach(session: &mut SessionHandle<()>, name: &str) -> Result<Self, Fault> {
        Ok(Self(MgmtClient::attach(session, name).await?))
    }

    pub(super) async fn hub(&mut self, hub: &str, token: &str) -> Result<Description, Fault> {
        let answer = self.0.call(Read { hub, partition: None, token }).await?.entity_attributes;
        let text = |id: &Value| if let Value::String(id) = id { Some(Arc::from(id.as_str())) } else { None };
        let partitions = match answer.get("partition_ids") {
            Some(Value::Array(ids)) => ids.iter().map(text).collect(),
            _ => None,
        };
        let unnamed = || Fault::of_link(Trouble::Interrupted("the hub does not name its partitions".to_owned()));
        Ok(Description { created: time(&answer, "created_at"), partitions: partitions.ok_or_else(unnamed)? })
    }

    pub(super) async fn partition(&mut self, hub: &str, partition: &str, token: &str) -> Result<End, Fault> {
        let answer = self.0.call(Read { hub, partition: Some(partition), token }).await?.entity_attributes;
        let long = |name: &str| if let Some(Value::Long(number)) = answer.get(name) { Some(*number) } else { None };
        Ok(End {
            first: long("begin_sequence_number").unwrap_or(0),
            last: long("last_enqueued_sequence_number").unwrap_or(-1),
            last_enqueued: time(&answer, "last_enqueued_time_utc").unwrap_or(0).saturating_mul(MILLISECOND),
            is_empty: matches!(answer.get("is_partition_empty"), Some(Value::Bool(true))),
        })
    }
}

fn time(answer: &OrderedMap<String, Value>, name: &str) -> Option<i64> {
    if let Some(Value::Timestamp(time)) = answer.get(name) { Some(time.milliseconds()) } else { None }
}
