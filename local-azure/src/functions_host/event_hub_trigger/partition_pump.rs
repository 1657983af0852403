//! One partition: its events in batches, each followed by a checkpoint whether the function succeeded or not
//! (`EventHubListener.PartitionProcessor`).

use std::sync::Arc;
use std::time::Duration;

use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::{LinkStateError, RecvError};
use fe2o3_amqp_types::definitions::{ErrorCondition, LinkError};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::super::broker::{BatchLimits, Delivery};
use super::super::execution::Reason;
use super::super::function::Cardinality;
use super::super::log::Category;
use super::super::progress::Reporter;
use super::checkpoint_store::CheckpointStore;
use super::dispatch::Dispatcher;
use super::event::Event;
use super::metadata::PartitionContext;
use super::options::EventHubOptions;
use super::source::{EventHubSource, PartitionLink, Position};

/// How long after a failure it is tried again to read.
const PAUSE: Duration = Duration::from_secs(1);

/// What all partitions of a function share.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) source: EventHubSource,
    pub(super) checkpoints: CheckpointStore,
    pub(super) dispatcher: Dispatcher,
    pub(super) options: EventHubOptions,
    /// The name of this host among those that share the hub.
    pub(super) host: String,
    pub(super) reporter: Reporter,
}

impl Reading {
    pub(super) fn warn(&self, text: &str) {
        let name = &self.dispatcher.function.name;
        self.dispatcher.invoker.executor.log.warning(Category::Host, format!("Event Hubs trigger of '{name}': {text}"));
    }
}

/// Reads one partition.
#[derive(Debug)]
pub(super) struct PartitionPump {
    reading: Arc<Reading>,
    partition: String,
    /// The host stops, or another one has the partition: what has been read is not to be checkpointed any more.
    cancel: CancellationToken,
    batches_since_checkpoint: usize,
}

impl PartitionPump {
    pub(super) fn new(reading: Arc<Reading>, partition: String, cancel: CancellationToken) -> Self {
        Self { reading, partition, cancel, batches_since_checkpoint: 0 }
    }

    /// Reads until the partition is lost.
    pub(super) async fn run(mut self) {
        let mut position = None;
        while !self.cancel.is_cancelled() {
            let Err(error) = self.read(&mut position).await else { return };
            if is_stolen(&error) {
                return;
            }
            self.reading.warn(&format!("partition {}: {error}", self.partition));
            self.cancel.run_until_cancelled(sleep(PAUSE)).await;
        }
    }

    /// Reads over one connection, from behind what was dispatched last or else from the checkpoint.
    async fn read(&mut self, position: &mut Option<Position>) -> Result<(), Reason> {
        let (reading, cancel) = (Arc::clone(&self.reading), self.cancel.clone());
        let opening = async {
            let from = match &position {
                Some(position) => position.clone(),
                None => self.start().await?,
            };
            Ok::<_, Reason>(reading.source.open(&self.partition, &from, reading.options.prefetch_count).await?)
        };
        let Some(link) = cancel.run_until_cancelled(opening).await else { return Ok(()) };
        let PartitionLink { mut receiver, connection } = link?;
        reading.reporter.attached(&self.partition);
        let end = loop {
            let batch = match cancel.run_until_cancelled(self.receive(&mut receiver)).await {
                None => break Ok(()),
                Some(Err(error)) => break Err(error),
                Some(Ok(batch)) => batch,
            };
            let events: Vec<Event> = batch.iter().map(|delivery| Event::of(delivery.message())).collect();
            self.process(&events).await;
            *position = events.last().map(|event| Position::AfterOffset(event.offset.clone()));
        };
        reading.reporter.detached(&self.partition);
        connection.close().await;
        end.map_err(Reason::from)
    }

    /// Where to begin.
    async fn start(&self) -> Result<Position, Reason> {
        let checkpoint = self.reading.checkpoints.checkpoint(&self.partition).await?;
        let position = checkpoint.and_then(|checkpoint| {
            let number = checkpoint.sequence_number.map(Position::AfterSequenceNumber);
            checkpoint.offset.map(Position::AfterOffset).or(number)
        });
        Ok(position.unwrap_or(Position::Initial(self.reading.options.initial_offset)))
    }

    /// The next batch: what is there, or what comes until the minimum or the longest wait is reached.
    async fn receive(&self, receiver: &mut Receiver) -> Result<Vec<Delivery>, RecvError> {
        let options = &self.reading.options;
        let (min, max) = match self.reading.dispatcher.function.trigger.input.cardinality {
            Cardinality::One => (1, 1),
            Cardinality::Many => (options.min_event_batch_size.get(), options.max_event_batch_size.get()),
        };
        let limits = BatchLimits { min, max, max_wait: options.max_wait_time };
        let first = receiver.recv().await?;
        let batch = limits.fill(receiver, first).await?;
        // An error here means that the connection is gone, which the next batch will find.
        let _ = receiver.accept_all(&batch).await;
        Ok(batch)
    }

    async fn process(&mut self, events: &[Event]) {
        let reading = Arc::clone(&self.reading);
        self.batches_since_checkpoint += 1;
        let is_checkpointing = self.batches_since_checkpoint >= reading.options.batch_checkpoint_frequency.get();
        let context = PartitionContext {
            namespace: &reading.source.namespace.host,
            hub: &reading.source.hub,
            consumer_group: &reading.source.consumer_group,
            partition: &self.partition,
            is_checkpointing,
        };
        reading.dispatcher.dispatch(&context, events, &self.cancel).await;
        if let Some(last) = events.last()
            && is_checkpointing
            && !self.cancel.is_cancelled()
        {
            self.checkpoint(last).await;
        }
    }

    async fn checkpoint(&mut self, last: &Event) {
        let Reading { checkpoints, host, reporter, .. } = &*self.reading;
        match checkpoints.write_checkpoint(&self.partition, &last.offset, last.sequence_number, host).await {
            Ok(()) => {
                self.batches_since_checkpoint = 0;
                reporter.checkpoint(&self.partition, last.sequence_number);
            }
            Err(error) => self.reading.warn(&format!("no checkpoint of partition {}: {error}", self.partition)),
        }
    }
}

/// Whether the service gave the partition to a newer receiver.
fn is_stolen(error: &Reason) -> bool {
    let Some(RecvError::LinkStateError(state)) = error.downcast_ref() else { return false };
    let (LinkStateError::RemoteClosedWithError(error) | LinkStateError::RemoteDetachedWithError(error)) = state else {
        return false;
    };
    error.condition == ErrorCondition::LinkError(LinkError::Stolen)
}
