//! What every connection shares.

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::watch;

use super::{config::Config, faults::Faults, store::Store};
use crate::amqp::connections::Connections;

/// Topics, connections and faults.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) connections: Arc<Connections>,
    pub(super) faults: Faults,
    /// Ticks whenever something happened that a client or a test may wait for.
    pub(super) changes: Arc<watch::Sender<()>>,
}

impl Service {
    /// A service whose subscriptions are empty, and which nobody has connected to yet.
    pub(super) fn new(config: Config) -> Self {
        let changes = Arc::new(watch::Sender::new(()));
        let connections = Arc::new(Connections::new(Arc::clone(&changes)));
        Self {
            store: Store::new(&config.topics, &changes),
            faults: Faults::new(Arc::clone(&connections)),
            connections,
            config,
            changes,
        }
    }

    /// Waits until the next lock expires; for ever when nothing is locked. Frees first what is due already.
    pub(super) async fn next_expiry(&self) {
        let now = OffsetDateTime::now_utc();
        match self.store.expire(now) {
            Some(next) => tokio::time::sleep((next - now).unsigned_abs()).await,
            None => std::future::pending().await,
        }
    }
}
