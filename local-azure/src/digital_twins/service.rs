//! The graph behind a listener.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{config::Config, error::Error, faults::Faults, graph::Graph, outlet::InvalidEndpoint, rest};

/// How long requests under way have when the service stops.
const GRACE: Duration = Duration::from_secs(1);

/// How long what is still to be sent has after that.
const SENDING: Duration = Duration::from_secs(5);

/// The service could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It can't listen where it should.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// Where it should.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// One of the endpoints makes no sense.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
    /// One of the routes makes no sense.
    #[error("event route {id}: {source}")]
    Route {
        /// The route.
        id: String,
        /// What is wrong with it.
        source: Error,
    },
}

/// A running service. Dropping it stops it too, only without waiting for the end.
#[derive(Debug)]
pub struct DigitalTwins {
    address: SocketAddr,
    graph: Arc<Graph>,
    faults: Arc<Faults>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl DigitalTwins {
    /// Listens, and serves on the runtime of the caller from then on.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let graph = Arc::new(Graph::new(config.host_name, config.endpoints)?);
        for route in config.routes {
            let id = route.id.clone();
            graph.put_event_route(route).map_err(|source| StartError::Route { id, source })?;
        }
        let listen = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let stop = CancellationToken::new();
        let faults = Arc::<Faults>::default();
        let served = axum::serve(listener, rest::router(Arc::clone(&graph), Arc::clone(&faults)))
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future();
        let serving = tokio::spawn(async move {
            // Serving never fails: what goes wrong on a connection ends that connection.
            let _ = served.await;
        });
        Ok(Self { address, graph, faults, stop, serving })
    }

    /// Where the API listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients are given as the URL of the instance.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The graph, for programs in this process.
    #[must_use]
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// What tests let go wrong with the API.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Takes no more requests, and waits for those under way and for what Event Hubs and Service Bus have still to accept,
    /// though not for ever: a change that waits for an endpoint that nobody empties is left to wait.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if timeout(GRACE, &mut self.serving).await.is_err() {
            self.serving.abort();
        }
        let _ = timeout(SENDING, self.graph.sent()).await;
    }
}

impl Drop for DigitalTwins {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
