//! A stand-in for the Azure Functions host: between the Event Grid that delivers and the handler that answers.
//!
//! ```text
//! Event Grid -> webhook -> delivery -> invocation -> handler_client -> the handler
//!                             |
//!                             +-> answer -> outputs -> blob
//! ```
//!
//! `webhook` takes a delivery as the Event Grid extension does, `delivery` runs the function for it, `invocation`
//! writes the envelope, `answer` judges what comes back, `outputs` turns it into blobs. `handler` and
//! `handler_process` start the handler and start it again. `newtonsoft` is the JSON of it all.
//!
//! It is faithful where a handler or a sender can tell the difference, to version 4.1037 of the host with version 3.4.3
//! or later of the Event Grid extension (the one that leaves dates alone); the tests replay recordings of a real host.
//! It knows Event Grid triggers and blob outputs, checks no keys, has no retries, no scaling and no Application
//! Insights. It differs on purpose where that helps on a laptop: [`FunctionsHost::stop`] asks before it kills.
//!
//! Names like `HttpRequestProcessor` refer to the sources that are being copied: the repositories
//! `Azure/azure-functions-host` and `Azure/azure-sdk-for-net` (the Event Grid extension).

mod answer;
mod app;
mod blob;
mod blob_path;
mod config;
mod delivery;
mod free_port;
mod handler;
mod handler_client;
mod handler_process;
mod invocation;
mod log;
mod newtonsoft;
mod outputs;
mod shared_key;
mod timespan;
mod webhook;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use app::AppError;
pub use blob::Storage;
pub(crate) use blob::{BlobError, BlobStore};
pub(crate) use blob_path::BlobName;
pub use config::{Config, Handler, Timeouts};
pub use log::{Category, Level, Log, LogLine};
pub use shared_key::InvalidConnectionString;

use app::App;
use delivery::Executor;
use handler::{HandlerLink, Supervisor};
use handler_client::HandlerClient;
use handler_process::HandlerCommand;
use webhook::Webhook;

/// The host could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The function app is not as it must be.
    #[error(transparent)]
    App(#[from] AppError),
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
    handler: HandlerLink,
    deliveries: TaskTracker,
    /// No more deliveries are taken.
    drain: CancellationToken,
    /// The handler is terminated.
    terminate: CancellationToken,
    webhook: JoinHandle<()>,
    supervisor: Option<JoinHandle<()>>,
    stop_grace: Duration,
}

impl FunctionsHost {
    /// Starts the webhook and the handler, and returns when the handler answers. Deliveries that arrive before wait.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let app = App::read(&config.root)?;
        let store = BlobStore::new(&config.storage)?;
        let initialization_timeout =
            config.timeouts.initialization.unwrap_or(app.custom_handler.initialization_timeout);
        let client = HandlerClient::new();
        let (drain, terminate) = (CancellationToken::new(), CancellationToken::new());

        let (supervisor, handler) = if let Handler::Listening(address) = config.handler {
            (None, HandlerLink::attached(address))
        } else {
            let command = handler_command(&config, &app)?;
            let (client, stop, log) = (client.clone(), terminate.clone(), config.log.clone());
            let (supervisor, link) = Supervisor::new(command, client, initialization_timeout, stop, log);
            (Some(supervisor), link)
        };

        let listen = |source| Error::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let executor = Executor {
            client: client.clone(),
            handler: handler.clone(),
            store,
            function_timeout: config.timeouts.function.unwrap_or(app.function_timeout),
            log: config.log,
        };
        let deliveries = TaskTracker::new();
        let webhook = Webhook {
            functions: Arc::new(app.functions),
            executor: Arc::new(executor),
            deliveries: deliveries.clone(),
            terminate: terminate.clone(),
        };
        let host = Self {
            address,
            handler,
            deliveries,
            webhook: tokio::spawn(serve(listener, webhook, drain.clone())),
            supervisor: supervisor.map(|supervisor| tokio::spawn(supervise(supervisor, drain.clone()))),
            drain,
            terminate,
            stop_grace: config.timeouts.stop,
        };
        host.until_ready(&client, initialization_timeout).await?;
        Ok(host)
    }

    /// Where the webhook listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What an Event Grid subscription must be pointed at to reach that function.
    #[must_use]
    pub fn webhook_url(&self, function: &str) -> String {
        format!("http://{}/runtime/webhooks/EventGrid?functionName={function}", self.address)
    }

    /// The process id of the handler; `None` while it is being restarted, after its end, or if the host didn't start it.
    #[must_use]
    pub fn handler_pid(&self) -> Option<u32> {
        self.handler.pid()
    }

    /// Waits until the handler answers again after a restart. Fails once it is known that it never will.
    pub async fn handler_ready(&self) -> Result<(), Error> {
        self.handler.ready().await.map(|_| ()).map_err(|gone| Error::Handler(gone.to_string()))
    }

    /// Returns when the host no longer takes deliveries, which it does on its own when the handler failed three times.
    pub async fn closed(&self) {
        self.drain.cancelled().await;
    }

    /// Takes no more deliveries, gives the running ones time to end, then ends the handler.
    ///
    /// The real host does the same but for the last step: it kills the handler without a signal that it could catch.
    /// Here it gets a SIGTERM first, and is killed if that doesn't help.
    pub async fn stop(mut self) {
        self.drain.cancel();
        self.deliveries.close();
        let _ = tokio::time::timeout(self.stop_grace, self.deliveries.wait()).await;
        self.terminate.cancel();
        if let Some(supervisor) = self.supervisor.take() {
            let _ = supervisor.await;
        }
        // What still waits for the next request of a sender has nothing left to wait for.
        self.webhook.abort();
    }

    async fn until_ready(&self, client: &HandlerClient, timeout: Duration) -> Result<(), Error> {
        let ready = self.handler.ready().await.map_err(|gone| Error::Handler(gone.to_string()))?;
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
        self.terminate.cancel();
    }
}

fn handler_command(config: &Config, app: &App) -> Result<HandlerCommand, AppError> {
    let executable = match &config.handler {
        Handler::Executable(path) => Some(path.as_path()),
        Handler::Declared | Handler::Listening(_) => None,
    };
    let grace = config.timeouts.stop;
    HandlerCommand::new(&config.root, &app.custom_handler, executable, &config.environment, grace).ok_or_else(|| {
        let problem = "customHandler.description.defaultExecutablePath is missing".to_owned();
        AppError::Unusable { path: config.root.join("host.json"), problem }
    })
}

async fn serve(listener: TcpListener, webhook: Webhook, drain: CancellationToken) {
    let log = webhook.executor.log.clone();
    let served = axum::serve(listener, webhook.router()).with_graceful_shutdown(drain.cancelled_owned()).await;
    if let Err(error) = served {
        log.error(Category::Host, format!("The webhook stopped: {error}"));
    }
}

async fn supervise(supervisor: Supervisor, drain: CancellationToken) {
    supervisor.run().await;
    drain.cancel();
}
