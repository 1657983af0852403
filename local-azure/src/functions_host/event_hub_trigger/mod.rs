//! The Event Hubs trigger: reads the partitions of a hub and has the function invoked with their events, in order.
//!
//! ```text
//! processor: which partitions are ours (load_balancer, checkpoint_store)
//!   partition_pump: batches of events, one after the other (source, event)
//!     dispatch: the function, again and again if it has a retry policy (metadata)
//!   partition_pump: a checkpoint, whatever came of the function
//! ```
//!
//! Names like `EventHubListener.PartitionProcessor` refer to the extension `Microsoft.Azure.WebJobs.Extensions.EventHubs`,
//! version 6. Not copied: the shorter wait of the first batch where there is a minimum, and scaling.

mod checkpoint_store;
mod dispatch;
mod event;
mod load_balancer;
mod metadata;
mod options;
mod partition_pump;
mod processor;
mod source;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(super) use options::EventHubOptions;

use super::function::EventHubFunction;
use super::invoker::Invoker;
use super::progress::{Progress, Reporter};
use super::settings::Settings;
use checkpoint_store::CheckpointStore;
use dispatch::Dispatcher;
use partition_pump::Reading;
use processor::Processor;
use source::EventHubSource;

/// A function that knows its hub.
#[derive(Debug)]
pub(super) struct EventHubListener {
    function: EventHubFunction,
    source: EventHubSource,
}

impl EventHubListener {
    /// Finds the hub in the settings. The error says in words what is missing.
    pub(super) fn new(function: EventHubFunction, settings: &Settings) -> Result<Self, String> {
        let source = EventHubSource::resolve(&function.trigger, settings)?;
        Ok(Self { function, source })
    }

    /// The name of the function.
    pub(super) fn name(&self) -> &str {
        &self.function.name
    }

    /// Listens until the host stops.
    pub(super) fn start(
        self,
        options: EventHubOptions,
        invoker: &Arc<Invoker>,
        stop: CancellationToken,
    ) -> watch::Receiver<Progress> {
        let Self { function, source } = self;
        let reporter = Reporter::new();
        let progress = reporter.watch();
        let store = Arc::clone(&invoker.store);
        let checkpoints = CheckpointStore::new(store, &source.namespace.host, &source.hub, &source.consumer_group);
        let dispatcher = Dispatcher { function, invoker: Arc::clone(invoker) };
        let host = Uuid::new_v4().to_string();
        let reading = Reading { source, checkpoints, dispatcher, options, host, reporter };
        // Nobody waits for its end but the host itself, when it stops.
        drop(invoker.executor.spawn(Processor::new(Arc::new(reading), stop).run()));
        progress
    }
}
