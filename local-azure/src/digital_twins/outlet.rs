//! An endpoint that is open: notifications go in, each leaves in the shape that its destination wants.

use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    amqp_endpoint::AmqpEndpoint,
    endpoint::{Destination, Endpoint},
    link::Target,
    notification::Notification,
    snapshot::EndpointSnapshot,
};
use crate::{amqp_client::ConnectionString, event_grid::Schema};

/// An endpoint that can't be opened.
#[derive(Debug, thiserror::Error)]
#[error("the connection string of the endpoint {endpoint} {problem}")]
pub struct InvalidEndpoint {
    endpoint: String,
    problem: &'static str,
}

#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) name: String,
    way: Way,
}

#[derive(Debug)]
enum Way {
    EventGrid { schema: Schema, events: mpsc::Sender<Value> },
    Amqp(AmqpEndpoint),
}

impl Outlet {
    /// Opens an endpoint.
    pub(super) fn open(endpoint: Endpoint) -> Result<Self, InvalidEndpoint> {
        let Endpoint { name, destination } = endpoint;
        let way = match destination {
            Destination::EventGrid { schema, events } => Ok(Way::EventGrid { schema, events }),
            Destination::EventHub { connection_string, partition_by_twin } => {
                hub(&connection_string, partition_by_twin)
            }
            Destination::ServiceBus { connection_string, topic } => self::topic(&connection_string, topic),
        };
        match way {
            Ok(way) => Ok(Self { name, way }),
            Err(problem) => Err(InvalidEndpoint { endpoint: name, problem }),
        }
    }

    /// Sends a notification, waiting until there is room for it.
    pub(super) async fn send(&self, notification: &Notification) {
        match &self.way {
            Way::EventGrid { schema, events } => {
                let _ = events.send(notification.event(*schema, &self.name)).await;
            }
            Way::Amqp(endpoint) => endpoint.take(notification).await,
        }
    }

    /// How it is doing; `None` where somebody else empties it.
    pub(super) fn snapshot(&self) -> Option<EndpointSnapshot> {
        match &self.way {
            Way::EventGrid { .. } => None,
            Way::Amqp(endpoint) => Some(endpoint.snapshot()),
        }
    }

    /// Waits until all that was sent has been accepted where it leads to.
    pub(super) async fn sent(&self) {
        if let Way::Amqp(endpoint) = &self.way {
            endpoint.sent().await;
        }
    }
}

fn hub(connection_string: &str, partition_by_twin: bool) -> Result<Way, &'static str> {
    let namespace = ConnectionString::parse(connection_string)?;
    let entity = namespace.entity_path.clone().ok_or("has no EntityPath")?;
    Ok(Way::Amqp(AmqpEndpoint::start(Target { namespace, entity, partition_by_twin })))
}

fn topic(connection_string: &str, topic: String) -> Result<Way, &'static str> {
    let namespace = ConnectionString::parse(connection_string)?;
    Ok(Way::Amqp(AmqpEndpoint::start(Target { namespace, entity: topic, partition_by_twin: false })))
}
