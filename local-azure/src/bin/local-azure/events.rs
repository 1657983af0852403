//! Everything before the hub: the twins, the way that their notifications take, and the app at its end.

use std::{fmt, sync::Arc, time::Duration};

use local_azure::{
    digital_twins::{self, DigitalTwins, EndpointSnapshot, EventRoute, Graph},
    event_hubs::EventHubs,
    functions_host::Log,
};
use tokio::time::timeout;

use crate::{
    app::{App, Error},
    deliveries::Deliveries,
    options::{Options, Way},
    storage::dead_letters,
    way_in::{Started, WayIn},
};

/// What the instance calls itself in its events.
const HOST_NAME: &str = "chocolate-factory.api.weu.digitaltwins.azure.net";

const PORT: u16 = 8081;

/// The pieces, in the order of the flow.
#[derive(Debug)]
pub(crate) struct Events {
    twins: DigitalTwins,
    endpoint: &'static str,
    way_in: WayIn,
    /// `None` where the webhook is somebody else's.
    app: Option<App>,
}

impl Events {
    /// Starts the pieces in the order in which they need each other: from the app, which writes to `hub`, to the twins.
    pub(crate) async fn start(options: &Options, hubs: &Arc<EventHubs>, hub: &str, log: Log) -> Result<Self, Error> {
        let settings = vec![("EVENT_HUB", hubs.connection_string(hub)), ("SERVICE_ID", HOST_NAME.to_owned())];
        let Started { way_in, destination, app } = WayIn::start(options, hubs, settings, log).await?;
        let endpoint = match options.way {
            Way::Webhook | Way::Function => "event-grid",
            Way::EventHub => "event-hub",
            Way::ServiceBus => "service-bus",
        };
        let twins = DigitalTwins::start(digital_twins::Config {
            listen: options.listen(PORT),
            host_name: HOST_NAME.to_owned(),
            endpoints: vec![digital_twins::Endpoint { name: endpoint.to_owned(), destination }],
            routes: vec![EventRoute {
                id: "history".to_owned(),
                endpoint_name: endpoint.to_owned(),
                filter: options.filter.clone(),
            }],
        });
        Ok(Self { twins: twins.await?, endpoint, way_in, app })
    }

    /// The URL of the instance.
    pub(crate) fn digital_twins(&self) -> String {
        self.twins.url()
    }

    pub(crate) fn graph(&self) -> &Arc<Graph> {
        self.twins.graph()
    }

    /// How the deliveries go.
    pub(crate) fn deliveries(&self) -> Deliveries {
        self.way_in.deliveries(self.endpoint().as_ref())
    }

    fn endpoint(&self) -> Option<EndpointSnapshot> {
        self.graph().endpoint(self.endpoint)
    }

    /// Waits until so many notifications have been delivered; false if that takes longer than `limit`.
    pub(crate) async fn delivered(&self, count: u64, limit: Duration) -> bool {
        timeout(limit, self.graph().sent()).await.is_ok() && self.way_in.delivered(count, limit).await
    }

    /// Returns when the host has given the handler up.
    pub(crate) async fn given_up(&self) {
        match &self.app {
            Some(app) => app.closed().await,
            None => std::future::pending().await,
        }
    }

    /// Ends the pieces in the order of the flow, so that each can finish what it has.
    pub(crate) async fn stop(self) {
        self.twins.stop().await;
        self.way_in.stop(self.app).await;
    }
}

/// What there is and where.
impl fmt::Display for Events {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Digital twins  {}", self.twins.url())?;
        self.way_in.fmt(out)?;
        writeln!(out, "Dead letters   {}", dead_letters())
    }
}
