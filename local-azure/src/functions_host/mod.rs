//! A stand-in for the Azure Functions host: between those who have events and the handler that answers.
//!
//! ```text
//! Event Grid -> webhook -> delivery -> invocation -----------+
//! Event Hubs -> event_hub_trigger -> message_data -----------+-> envelope -> invoker -> handler_client -> the handler
//! Service Bus -> service_bus_trigger -> message_data --------+                  |
//!                                                                               +-> answer -> outputs -> blob
//! Event Grid, or anybody -> http_trigger -----------------------------> handler_client -> the handler
//! ```
//!
//! `webhook` takes a delivery as the Event Grid extension does, `delivery` runs the function for it, `listeners` start
//! what receives from a `broker`. `envelope` is what is posted, `answer` judges what comes back, `outputs` turns it into
//! blobs. `http_trigger` forwards requests and answers as they are. `execution` is what all have in common: an invocation
//! needs a handler, and ends in time. `handler` and `handler_process` start the handler and start it again. `newtonsoft`
//! is the JSON of it all.
//!
//! It is faithful where a handler or a sender can tell the difference, to version 4.1037 of the host with version 3.4.3
//! or later of the Event Grid extension (the one that leaves dates alone), 6.5 of that for Event Hubs and 5.17 of that for
//! Service Bus; the tests replay recordings of a real host. It knows HTTP triggers that are forwarded, and the other three
//! with blob outputs; it has no keys of Event Grid, no scaling and no Application Insights. It differs on purpose where
//! that helps on a laptop: [`FunctionsHost::stop`] asks before it kills.
//!
//! Names like `HttpRequestProcessor` refer to the sources that are being copied: the repositories
//! `Azure/azure-functions-host`, `Azure/azure-webjobs-sdk` and `Azure/azure-sdk-for-net` (the extensions).

mod answer;
mod app;
mod blob;
mod blob_metadata;
mod blob_path;
mod broker;
mod config;
mod delivery;
mod envelope;
mod event_hub_trigger;
mod execution;
mod free_port;
mod function;
mod function_json;
mod function_key;
mod handler;
mod handler_client;
mod handler_process;
mod http_trigger;
mod invocation;
mod invoker;
mod listeners;
mod log;
mod message_data;
mod newtonsoft;
mod outputs;
mod progress;
mod retry;
mod retry_context;
mod service_bus_trigger;
mod settings;
mod shared_key;
mod timespan;
mod webhook;

use std::collections::BTreeMap;
use std::io;
use std::mem::take;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use app::AppError;
pub use blob::Storage;
pub(crate) use blob::{BlobError, BlobStore};
pub(crate) use blob_path::BlobName;
pub use config::{Config, Handler, Timeouts};
pub use function_key::FunctionKey;
pub use listeners::ListenerError;
pub use log::{Category, Level, Log, LogLine};
pub use progress::Progress;
pub use shared_key::InvalidConnectionString;

use app::App;
use delivery::Deliveries;
use execution::Executor;
use handler::{HandlerLink, Supervisor};
use handler_client::HandlerClient;
use handler_process::HandlerCommand;
use http_trigger::HttpTriggers;
use invoker::Invoker;
use listeners::Listeners;
use settings::Settings;
use webhook::Webhook;

/// The host could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The function app is not as it must be.
    #[error(transparent)]
    App(#[from] AppError),
    /// A function with an Event Hubs trigger can't listen.
    #[error(transparent)]
    Listener(#[from] ListenerError),
    /// The storage can't be used.
    #[error(transparent)]
    Storage(#[from] InvalidConnectionString),
    /// The webhook can't listen where it should.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// Where it should.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// There is no handler that answers.
    #[error("{0}")]
    Handler(String),
}

/// A running host. Dropping it stops it too, only without waiting for the end.
#[derive(Debug)]
pub struct FunctionsHost {
    address: SocketAddr,
    executor: Arc<Executor>,
    http_triggers: HttpTriggers,
    progress: BTreeMap<String, watch::Receiver<Progress>>,
    /// No more requests are taken.
    drain: CancellationToken,
    server: JoinHandle<()>,
    supervisor: Option<JoinHandle<()>>,
    stop_grace: Duration,
}

impl FunctionsHost {
    /// Starts to listen and starts the handler, and returns when the handler answers. Requests that arrive before wait.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let mut app = App::read(&config.root)?;
        let settings = Settings::new(&config.environment);
        app.event_grid_functions.retain(|name, _| !settings.disable(name));
        app.http_functions.retain(|name, _| !settings.disable(name));
        let (event_hubs, service_bus) = (take(&mut app.event_hub_functions), take(&mut app.service_bus_functions));
        let listeners = Listeners::new(event_hubs, service_bus, &settings, &config.log)?;
        let store = Arc::new(BlobStore::new(&config.storage)?);
        let initialization_timeout =
            config.timeouts.initialization.unwrap_or(app.custom_handler.initialization_timeout);
        let client = HandlerClient::new();
        let (drain, terminate) = (CancellationToken::new(), CancellationToken::new());

        let (supervisor, handler) = if let Handler::Listening(address) = config.handler {
            (None, HandlerLink::attached(address))
        } else {
            let command = handler_command(&config, &app, &settings)?;
            let (client, stop, log) = (client.clone(), terminate.clone(), config.log.clone());
            let (supervisor, link) = Supervisor::new(command, client, initialization_timeout, stop, log);
            (Some(supervisor), link)
        };

        let listen = |source| Error::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let executor = Arc::new(Executor {
            handler,
            function_timeout: config.timeouts.function.unwrap_or(app.function_timeout),
            log: config.log,
            running: TaskTracker::new(),
            terminate,
        });
        let invoker = Arc::new(Invoker { executor: Arc::clone(&executor), client: client.clone(), store });
        let deliveries = Deliveries(Arc::clone(&invoker));
        let webhook = Webhook { functions: Arc::new(app.event_grid_functions), deliveries };
        let http_triggers = HttpTriggers {
            functions: Arc::new(app.http_functions),
            key: config.function_key,
            client: client.clone(),
            executor: Arc::clone(&executor),
        };
        let router = webhook.router().merge(http_triggers.clone().router());
        let mut host = Self {
            address,
            server: tokio::spawn(serve(listener, router, executor.log.clone(), drain.clone())),
            supervisor: supervisor.map(|supervisor| tokio::spawn(supervise(supervisor, drain.clone()))),
            executor,
            http_triggers,
            progress: BTreeMap::new(),
            drain,
            stop_grace: config.timeouts.stop,
        };
        host.until_ready(&client, initialization_timeout).await?;
        host.progress = listeners.start(&app.event_hub_options, &app.service_bus_options, &invoker, &host.drain);
        Ok(host)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a subscription of kind `AzureFunction` must be pointed at to reach that function.
    #[must_use]
    pub fn webhook_url(&self, function: &str) -> String {
        format!("http://{}/runtime/webhooks/EventGrid?functionName={function}", self.address)
    }

    /// Where a function with an HTTP trigger is called, with its key in the query: what a subscription of kind `WebHook`
    /// must be pointed at. `None` if there is no such function.
    #[must_use]
    pub fn function_url(&self, function: &str) -> Option<String> {
        self.http_triggers.url(self.address, function)
    }

    /// How far the listeners of a function with an Event Hubs or Service Bus trigger are. `None` if there is no such
    /// function, or it is disabled.
    #[must_use]
    pub fn progress(&self, function: &str) -> Option<watch::Receiver<Progress>> {
        self.progress.get(function).cloned()
    }

    /// The process id of the handler; `None` while it is being restarted, after its end, or if the host didn't start it.
    #[must_use]
    pub fn handler_pid(&self) -> Option<u32> {
        self.executor.handler.pid()
    }

    /// Waits until the handler answers again after a restart. Fails once it is known that it never will.
    pub async fn handler_ready(&self) -> Result<(), Error> {
        self.executor.handler.ready().await.map(|_| ()).map_err(|gone| Error::Handler(gone.to_string()))
    }

    /// Returns when the host no longer takes deliveries, which it does on its own when the handler failed three times.
    pub async fn closed(&self) {
        self.drain.cancelled().await;
    }

    /// Takes no more deliveries and messages, gives the running ones time to end, then ends the handler.
    ///
    /// The real host does the same but for the last step: it kills the handler without a signal that it could catch.
    /// Here it gets a SIGTERM first, and is killed if that doesn't help.
    pub async fn stop(mut self) {
        self.drain.cancel();
        self.executor.running.close();
        let _ = tokio::time::timeout(self.stop_grace, self.executor.running.wait()).await;
        self.executor.terminate.cancel();
        if let Some(supervisor) = self.supervisor.take() {
            let _ = supervisor.await;
        }
        // What still waits for the next request of a sender has nothing left to wait for.
        self.server.abort();
    }

    async fn until_ready(&self, client: &HandlerClient, timeout: Duration) -> Result<(), Error> {
        let ready = self.executor.handler.ready().await.map_err(|gone| Error::Handler(gone.to_string()))?;
        if ready.pid.is_none() {
            let answers = tokio::time::timeout(timeout, client.until_ready(ready.address)).await;
            answers.map_err(|_| Error::Handler(format!("nothing answers on {}", ready.address)))?;
        }
        Ok(())
    }
}

impl Drop for FunctionsHost {
    fn drop(&mut self) {
        self.drain.cancel();
        self.executor.terminate.cancel();
    }
}

fn handler_command(config: &Config, app: &App, settings: &Settings) -> Result<HandlerCommand, AppError> {
    let executable = match &config.handler {
        Handler::Executable(path) => Some(path.as_path()),
        Handler::Declared | Handler::Listening(_) => None,
    };
    let grace = config.timeouts.stop;
    HandlerCommand::new(&config.root, &app.custom_handler, executable, settings, grace).ok_or_else(|| {
        let problem = "customHandler.description.defaultExecutablePath is missing".to_owned();
        AppError::Unusable { path: config.root.join("host.json"), problem }
    })
}

async fn serve(listener: TcpListener, router: Router, log: Log, drain: CancellationToken) {
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(drain.cancelled_owned()).await {
        log.error(Category::Host, format!("The host no longer listens: {error}"));
    }
}

async fn supervise(supervisor: Supervisor, drain: CancellationToken) {
    supervisor.run().await;
    drain.cancel();
}
