//! The pieces, started in the order in which they need each other: from the hub back to the twins.

use std::{fmt, sync::Arc, time::Duration};

use explorer::{Counters, Explorer};
use local_azure::{
    digital_twins::Graph,
    event_hubs::{self, Control, EventHubs, HubConfig},
    functions_host::Log,
};
use tokio::sync::broadcast;

use crate::{
    app::Error,
    deliveries::Deliveries,
    events::Events,
    options::{Options, Way},
    way_in::{READER, SOURCE},
};

/// The hub of the records.
const HUB: &str = "twins";

/// How many partitions each hub has.
const PARTITIONS: u32 = 4;

/// The ports that people expect, or that are easily remembered. Where one is taken, any other will do.
const EVENT_HUBS_PORT: u16 = 5672;
const EXPLORER_PORT: u16 = 8080;

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Azure {
    hubs: Arc<EventHubs>,
    control: Option<Control>,
    explorer: Explorer,
    events: Option<Events>,
}

impl Azure {
    /// The log is the host's and the handler's.
    pub(crate) async fn start(options: &Options, log: Log) -> Result<Self, Error> {
        let config = event_hubs::Config {
            listen: options.listen(EVENT_HUBS_PORT),
            hubs: hubs(options.way),
            ..event_hubs::Config::default()
        };
        let hubs = Arc::new(EventHubs::start(config)?);
        let control = match options.control_port {
            Some(port) => Some(Control::start(Arc::clone(&hubs), port).await?),
            None => None,
        };
        let explorer = Explorer::start(explorer::Config {
            listen: options.listen(EXPLORER_PORT),
            admission: explorer::Admission::default(),
            source: explorer::Source::of_connection_string(&hubs.connection_string(HUB))?,
            limits: explorer::Limits::default(),
        });
        let explorer = explorer.await?;
        let events = if options.hub_only { None } else { Some(Events::start(options, &hubs, HUB, log).await?) };
        Ok(Self { hubs, control, explorer, events })
    }

    /// The twins, where they are wanted.
    pub(crate) fn graph(&self) -> Option<Arc<Graph>> {
        self.events.as_ref().map(|events| Arc::clone(events.graph()))
    }

    /// Where the twins are.
    pub(crate) fn digital_twins(&self) -> Option<String> {
        self.events.as_ref().map(Events::digital_twins)
    }

    /// The bodies of the hub's events from now on.
    pub(crate) fn records(&self) -> broadcast::Receiver<Arc<str>> {
        self.explorer.subscribe()
    }

    /// What the explorer has read.
    pub(crate) fn read(&self) -> Counters {
        self.explorer.counters()
    }

    /// How many events the hub holds.
    pub(crate) fn events_in_hub(&self) -> usize {
        self.hubs.events(HUB).len()
    }

    /// How the deliveries go.
    pub(crate) fn deliveries(&self) -> Option<Deliveries> {
        self.events.as_ref().map(Events::deliveries)
    }

    /// Waits until so many notifications have been delivered; false if that takes longer than `limit`.
    pub(crate) async fn delivered(&self, count: u64, limit: Duration) -> bool {
        match &self.events {
            Some(events) => events.delivered(count, limit).await,
            None => false,
        }
    }

    /// Returns when the host has given the handler up.
    pub(crate) async fn given_up(&self) {
        match &self.events {
            Some(events) => events.given_up().await,
            None => std::future::pending().await,
        }
    }

    /// Ends the pieces.
    pub(crate) async fn stop(self) {
        if let Some(events) = self.events {
            events.stop().await;
        }
    }
}

/// The hub of the records, and that of the notifications where they go over one.
fn hubs(way: Way) -> Vec<HubConfig> {
    let mut hubs = vec![HubConfig::new(HUB, PARTITIONS)];
    if way == Way::EventHub {
        hubs.push(HubConfig { consumer_groups: vec![READER.to_owned()], ..HubConfig::new(SOURCE, PARTITIONS) });
    }
    hubs
}

/// What there is and where.
impl fmt::Display for Azure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Explorer       {}", self.explorer.url())?;
        if let Some(events) = &self.events {
            events.fmt(out)?;
        }
        writeln!(out, "Event hub      {HUB} on amqp://{}", self.hubs.address())?;
        if let Some(control) = &self.control {
            writeln!(out, "Control        {}", control.url())?;
        }
        writeln!(out, "EVENT_HUB      {}", self.hubs.connection_string(HUB))
    }
}
