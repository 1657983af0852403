//! The hub of a function: who it is, what partitions it has, and the events of one.

use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp_types::definitions::Fields;
use fe2o3_amqp_types::messaging::Source;
use fe2o3_amqp_types::primitives::{Symbol, Value};
use serde_amqp::described::Described;
use serde_amqp::descriptor::Descriptor;
use time::OffsetDateTime;

use super::super::function::EventHubTrigger;
use super::super::settings::Settings;
use super::options::InitialOffset;
use crate::amqp_client::{Connection, ConnectionError, ConnectionString};

const SELECTOR: &str = "apache.org:selector-filter:string";

/// The code of a selector filter.
const SELECTOR_CODE: u64 = 0x0000_468C_0000_0004;

/// Of two receivers of a partition with the same epoch the service cuts the older one off.
const EPOCH: &str = "com.microsoft:epoch";

/// A hub as a consumer group sees it.
#[derive(Clone, Debug)]
pub(super) struct EventHubSource {
    pub(super) namespace: ConnectionString,
    pub(super) hub: String,
    pub(super) consumer_group: String,
}

/// From where on a partition is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Position {
    Initial(InitialOffset),
    AfterOffset(String),
    AfterSequenceNumber(i64),
}

/// The events of a partition, as long as the connection holds.
pub(super) struct PartitionLink {
    pub(super) receiver: Receiver,
    pub(super) connection: Connection,
}

impl EventHubSource {
    /// The hub that a trigger names. The error says in words, which are the extension's, what is missing.
    pub(super) fn resolve(trigger: &EventHubTrigger, settings: &Settings) -> Result<Self, String> {
        let resolved = |text: &str| settings.resolve(text).map_err(|unresolved| unresolved.to_string());
        let (hub, consumer_group) = (resolved(&trigger.hub)?, resolved(&trigger.consumer_group)?);
        let connection = resolved(&trigger.connection)?;
        let text = settings.connection(&connection).ok_or_else(|| {
            format!(
                "EventHub account connection string with name '{connection}' does not exist in the settings. Make sure \
                 that it is a defined App Setting."
            )
        })?;
        let namespace = ConnectionString::parse(&text).map_err(|problem| format!("{connection} {problem}"))?;
        let hub = namespace.entity_path.clone().unwrap_or(hub);
        Ok(Self { namespace, hub, consumer_group })
    }

    /// The ids of the partitions that there are.
    pub(super) async fn partitions(&self) -> Result<Vec<String>, ConnectionError> {
        let mut connection = Connection::open(&self.namespace, &self.hub).await?;
        let properties = connection.read(&self.hub, "com.microsoft:eventhub").await;
        connection.close().await;
        let ids = match properties?.swap_remove("partition_ids") {
            Some(Value::Array(ids)) => ids.into_inner(),
            Some(Value::List(ids)) => ids,
            _ => Vec::new(),
        };
        let text = |id: Value| if let Value::String(id) = id { Some(id) } else { None };
        Ok(ids.into_iter().filter_map(text).collect())
    }

    /// Opens a partition.
    pub(super) async fn open(
        &self,
        partition: &str,
        position: &Position,
        prefetch: u32,
    ) -> Result<PartitionLink, ConnectionError> {
        let mut connection = Connection::open(&self.namespace, &self.hub).await?;
        let filter = Described {
            descriptor: Descriptor::Code(SELECTOR_CODE),
            value: Value::String(format!("amqp.annotation.{}", position.selector())),
        };
        let source = Source::builder()
            .address(format!("{}/ConsumerGroups/{}/Partitions/{partition}", self.hub, self.consumer_group))
            .add_to_filter(SELECTOR, filter)
            .build();
        let mut properties = Fields::new();
        properties.insert(Symbol::from(EPOCH), Value::Long(0));
        let receiver = connection.receive(source, properties, CreditMode::Auto(prefetch.max(1))).await?;
        Ok(PartitionLink { receiver, connection })
    }
}

impl Position {
    fn selector(&self) -> String {
        match self {
            Self::Initial(InitialOffset::Start) => "x-opt-offset > '-1'".to_owned(),
            Self::Initial(InitialOffset::End) => "x-opt-offset > '@latest'".to_owned(),
            Self::Initial(InitialOffset::EnqueuedTime(time)) => {
                format!("x-opt-enqueued-time > '{}'", milliseconds(*time))
            }
            Self::AfterOffset(offset) => format!("x-opt-offset > '{offset}'"),
            Self::AfterSequenceNumber(number) => format!("x-opt-sequence-number > '{number}'"),
        }
    }
}

fn milliseconds(time: OffsetDateTime) -> i128 {
    time.unix_timestamp_nanos() / 1_000_000
}
