//! Endpoints: where event routes can lead to. In Azure the control plane makes them; here they are given at the start.

use serde_json::Value;
use tokio::sync::mpsc;

use crate::event_grid::Schema;

/// An endpoint of one of the three kinds there are.
#[derive(Debug)]
pub struct Endpoint {
    /// What routes call it.
    pub name: String,
    /// Where it leads to.
    pub destination: Destination,
}

/// What takes the events of an endpoint: one at a time, those of a twin in the order in which they happened. While it
/// takes no more, changes wait.
///
/// Event Hubs and Service Bus are sent to over AMQP. While they are away about a thousand notifications wait for them,
/// and then changes do. For how long Azure Digital Twins tries again is not documented; here it does for ever.
#[derive(Debug)]
pub enum Destination {
    /// A topic of Event Grid.
    EventGrid {
        /// The schema that its events have.
        schema: Schema,
        /// Takes the events. Once the receiver is gone, they are dropped.
        events: mpsc::Sender<Value>,
    },
    /// An event hub.
    EventHub {
        /// That of the hub, with `EntityPath`, and with `UseDevelopmentEmulator=true` since only plain AMQP is spoken.
        connection_string: String,
        /// Whether the events of a twin, and of the relationships that leave it, have its id as their partition key, and
        /// so share a partition and keep their order. Whether they do in Azure is not documented, and the one event that
        /// was published with all that it came with shows no key. Without, the hub deals events out to its partitions.
        partition_by_twin: bool,
    },
    /// A topic of Service Bus. (A queue is reached over a subscription that forwards to it.)
    ServiceBus {
        /// That of the namespace, with `UseDevelopmentEmulator=true` since only plain AMQP is spoken.
        connection_string: String,
        /// The topic's name.
        topic: String,
    },
}
