//! The way that notifications take from an endpoint of the twins to the app: over Event Grid, a hub or a topic.

use std::{fmt, sync::Arc, time::Duration};

use local_azure::{
    digital_twins::{Destination, EndpointSnapshot},
    event_grid::{self, DeadLetters, Endpoint, EventGrid, Subscription},
    event_hubs::EventHubs,
    functions_host::{Log, Progress},
    service_bus::{self, ServiceBus, SubscriptionConfig, TopicConfig},
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::{
    app::{App, Error},
    deliveries::Deliveries,
    options::{Options, Way},
    storage::storage,
};

/// The hub or topic that the notifications go to.
pub(crate) const SOURCE: &str = "adt";

/// The consumer group or subscription by which the app reads them.
pub(crate) const READER: &str = "bridge";

const EVENT_GRID_PORT: u16 = 8082;
/// Not the one of plain AMQP, which the Event Hubs endpoint has.
const SERVICE_BUS_PORT: u16 = 5673;

/// Events that may wait between the twins and Event Grid.
const CAPACITY: usize = 1024;

/// What lies on the way.
#[derive(Debug)]
pub(crate) enum WayIn {
    EventGrid {
        grid: EventGrid,
        endpoint: Endpoint,
    },
    EventHub {
        hubs: Arc<EventHubs>,
        /// How far the app has read.
        progress: watch::Receiver<Progress>,
    },
    ServiceBus(ServiceBus),
}

/// A way with both of its ends.
pub(crate) struct Started {
    pub(crate) way_in: WayIn,
    /// Where the endpoint of the twins leads to.
    pub(crate) destination: Destination,
    /// `None` where the webhook is somebody else's.
    pub(crate) app: Option<App>,
}

impl WayIn {
    /// Starts the app with these settings, and all that lies before it.
    pub(crate) async fn start(
        options: &Options,
        hubs: &Arc<EventHubs>,
        settings: Vec<(&'static str, String)>,
        log: Log,
    ) -> Result<Started, Error> {
        match options.way {
            Way::Webhook | Way::Function => event_grid(options, settings, log).await,
            Way::EventHub => event_hub(options, hubs, settings, log).await,
            Way::ServiceBus => service_bus(options, settings, log).await,
        }
    }

    /// How the deliveries go of what an endpoint has accepted. Event Grid's accepts all and tells nothing.
    pub(crate) fn deliveries(&self, endpoint: Option<&EndpointSnapshot>) -> Deliveries {
        let accepted = endpoint.map_or(0, |endpoint| endpoint.accepted);
        let deliveries = match self {
            Self::EventGrid { grid, .. } => grid.snapshot().subscriptions.pop().map(Into::into).unwrap_or_default(),
            Self::EventHub { hubs, progress } => {
                let delivered = done(&progress.borrow());
                Deliveries {
                    delivered,
                    to_go: hubs.accepted(SOURCE).saturating_sub(delivered),
                    ..Deliveries::default()
                }
            }
            Self::ServiceBus(bus) => {
                let [to_go, given_up] = [bus.messages(SOURCE, READER), bus.dead_letters(SOURCE, READER)]
                    .map(|messages| messages.len() as u64);
                Deliveries {
                    delivered: accepted.saturating_sub(to_go + given_up),
                    to_go,
                    failures: vec![(given_up, "messages given up")],
                    ..Deliveries::default()
                }
            }
        };
        endpoint.into_iter().fold(deliveries, Deliveries::with_held)
    }

    /// Waits until the app has taken all of so many notifications that were sent; false if that takes longer than `limit`.
    pub(crate) async fn delivered(&self, sent: u64, limit: Duration) -> bool {
        match self {
            Self::EventGrid { grid, .. } => {
                grid.wait_until(limit, |topic| topic.subscriptions.iter().all(|one| one.delivered >= sent)).await
            }
            Self::EventHub { hubs, progress } => {
                let mut progress = progress.clone();
                let all = progress.wait_for(|progress| done(progress) >= hubs.accepted(SOURCE));
                timeout(limit, all).await.is_ok_and(|waited| waited.is_ok())
            }
            Self::ServiceBus(bus) => {
                bus.wait_until(limit, |bus| bus.messages(SOURCE, READER).is_empty()).await
                    && bus.dead_letters(SOURCE, READER).is_empty()
            }
        }
    }

    /// Ends the deliveries and the app, which can finish what it has. What it reads from ends last.
    pub(crate) async fn stop(self, app: Option<App>) {
        if let Self::EventGrid { grid, .. } = self {
            grid.stop().await;
        }
        if let Some(app) = app {
            app.stop().await;
        }
    }
}

/// How many events of the hub the app is done with.
fn done(progress: &Progress) -> u64 {
    progress.checkpoints.values().map(|last| last.unsigned_abs() + 1).sum()
}

async fn event_grid(options: &Options, settings: Vec<(&'static str, String)>, log: Log) -> Result<Started, Error> {
    let (app, url) = if let Some(url) = &options.webhook {
        (None, url.clone())
    } else {
        let app = App::start(options, settings, log).await?;
        let url = app.url(options.way)?;
        (Some(app), url)
    };
    let endpoint = match options.way {
        Way::Function => Endpoint::AzureFunction(url),
        _ => Endpoint::WebHook(url),
    };
    let (events, published) = mpsc::channel(CAPACITY);
    let grid = EventGrid::start(event_grid::Config {
        listen: Some(options.listen(EVENT_GRID_PORT)),
        subscriptions: vec![Subscription {
            // As infra/ deploys it.
            max_events_per_batch: 32,
            preferred_batch_size_kb: 256,
            dead_letters: Some(DeadLetters { storage: storage(), container: "dead-letter".to_owned() }),
            ..Subscription::to("twin-bridge", endpoint.clone())
        }],
        time_scale: options.time_scale,
        ..event_grid::Config::new(options.schema, published)
    });
    let destination = Destination::EventGrid { schema: options.schema, events };
    Ok(Started { way_in: WayIn::EventGrid { grid: grid.await?, endpoint }, destination, app })
}

async fn event_hub(
    options: &Options,
    hubs: &Arc<EventHubs>,
    mut settings: Vec<(&'static str, String)>,
    log: Log,
) -> Result<Started, Error> {
    let connection_string = hubs.connection_string(SOURCE);
    settings.extend([
        ("SOURCE_EVENT_HUB", connection_string.clone()),
        ("SOURCE_EVENT_HUB_NAME", SOURCE.to_owned()),
        ("SOURCE_EVENT_HUB_CONSUMER_GROUP", READER.to_owned()),
    ]);
    let app = App::start(options, settings, log).await?;
    let progress = app.progress(options.way)?;
    Ok(Started {
        way_in: WayIn::EventHub { hubs: Arc::clone(hubs), progress },
        destination: Destination::EventHub { connection_string, partition_by_twin: true },
        app: Some(app),
    })
}

async fn service_bus(options: &Options, mut settings: Vec<(&'static str, String)>, log: Log) -> Result<Started, Error> {
    // As infra/ deploys it.
    let lock_duration = Duration::from_secs(5 * 60);
    let subscription = SubscriptionConfig { lock_duration, max_delivery_count: 400, ..SubscriptionConfig::new(READER) };
    let bus = ServiceBus::start(service_bus::Config {
        listen: options.listen(SERVICE_BUS_PORT),
        topics: vec![TopicConfig { name: SOURCE.to_owned(), subscriptions: vec![subscription] }],
        ..service_bus::Config::default()
    })?;
    let connection_string = bus.connection_string(SOURCE);
    settings.extend([
        ("SOURCE_SERVICE_BUS", connection_string.clone()),
        ("SOURCE_SERVICE_BUS_TOPIC", SOURCE.to_owned()),
        ("SOURCE_SERVICE_BUS_SUBSCRIPTION", READER.to_owned()),
    ]);
    let app = App::start(options, settings, log).await?;
    Ok(Started {
        way_in: WayIn::ServiceBus(bus),
        destination: Destination::ServiceBus { connection_string, topic: SOURCE.to_owned() },
        app: Some(app),
    })
}

/// What there is and where.
impl fmt::Display for WayIn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventGrid { grid, endpoint } => {
                writeln!(out, "Event Grid     {}", grid.endpoint().unwrap_or_default())?;
                writeln!(out, "Webhook        {endpoint}")
            }
            Self::EventHub { hubs, .. } => writeln!(out, "Notifications  hub {SOURCE} on amqp://{}", hubs.address()),
            Self::ServiceBus(bus) => {
                writeln!(out, "Notifications  topic {SOURCE}, subscription {READER} on amqp://{}", bus.address())?;
                writeln!(out, "SERVICE_BUS    {}", bus.connection_string(SOURCE))
            }
        }
    }
}
