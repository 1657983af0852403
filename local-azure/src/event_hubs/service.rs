//! What every connection shares.

use std::sync::Arc;

use tokio::sync::watch;

use super::{config::Config, faults::Faults, store::Store};
use crate::amqp::connections::Connections;

/// Hubs, connections and faults.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) connections: Arc<Connections>,
    pub(super) faults: Faults,
    /// Ticks whenever something happened that a test may wait for.
    pub(super) changes: Arc<watch::Sender<()>>,
}

impl Service {
    /// A service whose hubs are empty, and which nobody has connected to yet.
    pub(super) fn new(config: Config) -> Self {
        let changes = Arc::new(watch::Sender::new(()));
        let connections = Arc::new(Connections::new(Arc::clone(&changes)));
        Self {
            store: Store::new(&config.hubs, config.retention_bytes),
            faults: Faults::new(config.acknowledgement_delay, config.max_message_size, Arc::clone(&connections)),
            connections,
            config,
            changes,
        }
    }
}
