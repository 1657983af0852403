//! The pieces, started in the order in which they need each other: from the hub back to the twins.

use std::{error, fmt, sync::Arc, time::Duration};

use explorer::{Counters, Explorer};
use local_azure::{
    digital_twins::{self, DigitalTwins, EventRoute, Graph},
    event_grid::{self, DeadLetters, Endpoint, EventGrid, Subscription, SubscriptionSnapshot},
    event_hubs::{self, Control, EventHubs},
    functions_host::{self, FunctionKey, FunctionsHost, Handler, Log, Storage},
};
use tokio::sync::{broadcast, mpsc};

use crate::{
    cargo,
    options::{Options, Way},
};

/// The hub that everything here uses.
const HUB: &str = "twins";

/// The names of the folders with function.json, for each way.
const WEBHOOK: &str = "webhook";
const FUNCTION: &str = "function";

/// The key of the webhook. Everybody may know it, as that of Azurite: for those who post events by hand.
const FUNCTION_KEY: &str = "local";

/// What the instance calls itself in its events.
const HOST_NAME: &str = "chocolate-factory.api.weu.digitaltwins.azure.net";

/// The ports that people expect, or that are easily remembered. Where one is taken, any other will do.
const EVENT_HUBS_PORT: u16 = 5672;
const FUNCTIONS_PORT: u16 = 7071;
const EXPLORER_PORT: u16 = 8080;
const DIGITAL_TWINS_PORT: u16 = 8081;
const EVENT_GRID_PORT: u16 = 8082;

/// So many changes a second, and the records of each travel together, as they should in a hub that is paid for.
const MANY: f64 = 200.0;

/// Events that may wait between the twins and the topic.
const BETWEEN: usize = 1024;

/// Why a piece can't start.
pub(crate) type Error = Box<dyn error::Error + Send + Sync>;

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Azure {
    hubs: Arc<EventHubs>,
    control: Option<Control>,
    explorer: Explorer,
    events: Option<Events>,
}

/// Everything before the hub.
#[derive(Debug)]
struct Events {
    twins: DigitalTwins,
    grid: EventGrid,
    /// `None` where the webhook is somebody else's.
    host: Option<FunctionsHost>,
    endpoint: Endpoint,
}

impl Azure {
    /// The log is the host's and the handler's.
    pub(crate) async fn start(options: &Options, log: Log) -> Result<Self, Error> {
        let config = event_hubs::Config { listen: options.listen(EVENT_HUBS_PORT), ..event_hubs::Config::default() };
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
        let events =
            if options.hub_only { None } else { Some(Events::start(options, hubs.connection_string(HUB), log).await?) };
        Ok(Self { hubs, control, explorer, events })
    }

    /// The twins, where they are wanted.
    pub(crate) fn graph(&self) -> Option<Arc<Graph>> {
        self.events.as_ref().map(|events| Arc::clone(events.twins.graph()))
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
    pub(crate) fn deliveries(&self) -> Option<SubscriptionSnapshot> {
        self.events.as_ref()?.grid.snapshot().subscriptions.pop()
    }

    /// Waits until so many events have been delivered; false if that takes longer than `limit`.
    pub(crate) async fn delivered(&self, count: u64, limit: Duration) -> bool {
        let Some(events) = &self.events else { return false };
        events.grid.wait_until(limit, |topic| topic.subscriptions.iter().all(|one| one.delivered >= count)).await
    }

    /// Returns when the host has given the handler up.
    pub(crate) async fn given_up(&self) {
        match self.events.as_ref().and_then(|events| events.host.as_ref()) {
            Some(host) => host.closed().await,
            None => std::future::pending().await,
        }
    }

    /// Ends the pieces in the order of the flow, so that each can finish what it has.
    pub(crate) async fn stop(self) {
        if let Some(Events { twins, grid, host, .. }) = self.events {
            twins.stop().await;
            grid.stop().await;
            if let Some(host) = host {
                host.stop().await;
            }
        }
    }
}

impl Events {
    async fn start(options: &Options, connection_string: String, log: Log) -> Result<Self, Error> {
        let (host, url) = if let Some(url) = &options.webhook {
            (None, url.clone())
        } else {
            let host = start_host(options, connection_string, log).await?;
            let url = match options.way {
                Way::Webhook => {
                    host.function_url(WEBHOOK).ok_or("the app has no function \"webhook\" with an HTTP trigger")?
                }
                Way::Function => host.webhook_url(FUNCTION),
            };
            (Some(host), url)
        };
        let endpoint = match options.way {
            Way::Webhook => Endpoint::WebHook(url),
            Way::Function => Endpoint::AzureFunction(url),
        };
        let (events, published) = mpsc::channel(BETWEEN);
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
        let twins = DigitalTwins::start(digital_twins::Config {
            listen: options.listen(DIGITAL_TWINS_PORT),
            host_name: HOST_NAME.to_owned(),
            endpoints: vec![digital_twins::Endpoint { name: "event-grid".to_owned(), schema: options.schema, events }],
            routes: vec![EventRoute {
                id: "history".to_owned(),
                endpoint_name: "event-grid".to_owned(),
                filter: options.filter.clone(),
            }],
        });
        Ok(Self { grid: grid.await?, twins: twins.await?, host, endpoint })
    }
}

async fn start_host(options: &Options, connection_string: String, log: Log) -> Result<FunctionsHost, Error> {
    let executable = match &options.handler {
        Some(path) => path.clone(),
        None => cargo::build()?,
    };
    let mut config = functions_host::Config::new(cargo::root(), storage());
    config.listen = options.listen(FUNCTIONS_PORT);
    config.function_key = FunctionKey::new(FUNCTION_KEY);
    config.handler = Handler::Executable(executable);
    config.environment =
        vec![("EVENT_HUB".to_owned(), connection_string), ("SERVICE_ID".to_owned(), HOST_NAME.to_owned())];
    if options.changes_per_second() >= MANY && std::env::var_os("EVENT_HUB_BODY").is_none() {
        config.environment.push(("EVENT_HUB_BODY".to_owned(), "lines".to_owned()));
    }
    // The handler takes the account from its environment, as in Azure, and else writes beside Event Grid.
    if let Storage::Folder(folder) = storage() {
        let url = format!("file://{}", folder.join("dead-letter").display());
        config.environment.push(("DEAD_LETTERS".to_owned(), url));
    }
    config.log = log;
    Ok(FunctionsHost::start(config).await?)
}

/// What there is and where.
impl fmt::Display for Azure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Explorer       {}", self.explorer.url())?;
        if let Some(Events { twins, grid, endpoint, .. }) = &self.events {
            writeln!(out, "Digital twins  {}", twins.url())?;
            writeln!(out, "Event Grid     {}", grid.endpoint().unwrap_or_default())?;
            writeln!(out, "Webhook        {endpoint}")?;
            writeln!(out, "Dead letters   {}", storage_name())?;
        }
        writeln!(out, "Event hub      {HUB} on amqp://{}", self.hubs.address())?;
        if let Some(control) = &self.control {
            writeln!(out, "Control        {}", control.url())?;
        }
        writeln!(out, "EVENT_HUB      {}", self.hubs.connection_string(HUB))
    }
}

/// Where blobs go: to the account in `AzureWebJobsStorage` (Azurite), else to a folder.
fn storage() -> Storage {
    match std::env::var("AzureWebJobsStorage") {
        Ok(account) if !account.is_empty() => Storage::Account(account),
        _ => Storage::Folder(cargo::root().join("target/local-azure")),
    }
}

fn storage_name() -> &'static str {
    match storage() {
        Storage::Account(_) => "container dead-letter of AzureWebJobsStorage",
        Storage::Folder(_) => "target/local-azure/dead-letter",
    }
}
