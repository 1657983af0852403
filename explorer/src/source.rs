//! Which hub is read, as whom, and from when on.

use event_hub_producer::{Access, ConnectionString, TransportType};
use time::OffsetDateTime;

/// The consumer group that every hub has.
pub const DEFAULT_CONSUMER_GROUP: &str = "$Default";

/// What is read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The hub's name within its namespace.
    pub hub: String,
    /// The namespace, and what proves that we may read.
    pub access: Access,
    /// How AMQP travels there.
    pub transport: TransportType,
    /// As whom: at most five programs read a partition as one of these.
    pub consumer_group: String,
    /// What the hub took before is left out; none is everything that it retains.
    pub since: Option<OffsetDateTime>,
}

impl Source {
    /// All of the hub that `connection_string` names as its `EntityPath`. The error is the end of a sentence that begins
    /// with what the text is called.
    pub fn of_connection_string(connection_string: &str) -> Result<Self, &'static str> {
        let connection_string = ConnectionString::parse(connection_string)?;
        let hub = connection_string.entity_path.clone().ok_or("has no EntityPath")?;
        Ok(Self {
            hub,
            access: Access::ConnectionString(connection_string),
            transport: TransportType::default(),
            consumer_group: DEFAULT_CONSUMER_GROUP.to_owned(),
            since: None,
        })
    }
}
