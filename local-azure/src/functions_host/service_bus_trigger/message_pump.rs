//! The messages of a queue or subscription: received under a lock, handed to the function, completed or abandoned
//! (`ServiceBusListener`).

use std::sync::Arc;
use std::time::Duration;

use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp_types::definitions::Fields;
use fe2o3_amqp_types::messaging::{Modified, Source};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::super::broker::{BatchLimits, Delivery};
use super::super::envelope::envelope;
use super::super::execution::{Failure, Reason};
use super::super::function::{Cardinality, ServiceBusFunction};
use super::super::invoker::Invoker;
use super::super::log::Category;
use super::super::message_data::data;
use super::super::progress::Reporter;
use super::message::{ReceivedMessage, text};
use super::metadata::metadata;
use super::options::ServiceBusOptions;
use crate::amqp_client::{Connection, ConnectionString};

/// How long after a failure it is tried again to receive.
const PAUSE: Duration = Duration::from_secs(1);

/// Receives for a function.
#[derive(Debug)]
pub(super) struct MessagePump {
    pub(super) function: ServiceBusFunction,
    pub(super) namespace: ConnectionString,
    pub(super) path: String,
    /// How the client calls itself.
    pub(super) client: String,
    pub(super) options: ServiceBusOptions,
    pub(super) auto_complete: bool,
    pub(super) invoker: Arc<Invoker>,
    pub(super) reporter: Reporter,
}

impl MessagePump {
    /// Receives until the host stops.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let Err(error) = Arc::clone(&self).receive(&stop).await else { return };
            let text = format!("Service Bus trigger of '{}': {error}", self.function.name);
            self.invoker.executor.log.warning(Category::Host, text);
            stop.run_until_cancelled(sleep(PAUSE)).await;
        }
    }

    /// Receives over one connection.
    async fn receive(self: Arc<Self>, stop: &CancellationToken) -> Result<(), Reason> {
        let opening = async {
            let mut connection = Connection::open(&self.namespace, &self.path).await?;
            let source = Source::builder().address(self.path.as_str()).build();
            let receiver = connection.receive(source, Fields::new(), CreditMode::Manual).await?;
            Ok::<_, Reason>((connection, receiver))
        };
        let Some(opened) = stop.run_until_cancelled(opening).await else { return Ok(()) };
        let (connection, mut receiver) = opened?;
        self.reporter.attached(&self.path);
        let end = match self.function.trigger.input.cardinality {
            Cardinality::One => Arc::clone(&self).receive_each(&mut receiver, stop).await,
            Cardinality::Many => self.receive_batches(&mut receiver, stop).await,
        };
        self.reporter.detached(&self.path);
        connection.close().await;
        end
    }

    /// One batch after the other. A batch that has been begun is brought to its end even if the host stops.
    async fn receive_batches(&self, receiver: &mut Receiver, stop: &CancellationToken) -> Result<(), Reason> {
        let (credit, prefetch) = (self.options.max_message_batch_size.get(), self.options.prefetch_count);
        let limits = BatchLimits {
            min: self.options.min_message_batch_size.get() as usize,
            max: credit as usize,
            max_wait: self.options.max_batch_wait_time,
        };
        loop {
            receiver.set_credit(credit.max(prefetch)).await?;
            let Some(first) = stop.run_until_cancelled(receiver.recv()).await else { return Ok(()) };
            let batch = limits.fill(receiver, first?).await?;
            // What came now would be locked and wait.
            receiver.set_credit(prefetch).await?;
            let messages: Vec<_> = batch.iter().map(ReceivedMessage::of).collect();
            let succeeded = self.invoke(&messages).await.is_ok();
            self.settle(receiver, &batch, succeeded).await?;
        }
    }

    /// Several messages at the same time, each on its own.
    async fn receive_each(self: Arc<Self>, receiver: &mut Receiver, stop: &CancellationToken) -> Result<(), Reason> {
        let (most, prefetch) = (self.options.max_concurrent_calls.get() as usize, self.options.prefetch_count);
        let mut running: JoinSet<(Delivery, bool)> = JoinSet::new();
        loop {
            let free = most - running.len();
            let credit = u32::try_from(free).unwrap_or(u32::MAX).saturating_add(prefetch);
            receiver.set_credit(if stop.is_cancelled() { 0 } else { credit }).await?;
            tokio::select! {
                () = stop.cancelled(), if !stop.is_cancelled() => {}
                delivery = receiver.recv(), if free > 0 && !stop.is_cancelled() => {
                    let (pump, delivery) = (Arc::clone(&self), delivery?);
                    running.spawn(async move {
                        let message = ReceivedMessage::of(&delivery);
                        let succeeded = pump.invoke(&[message]).await.is_ok();
                        (delivery, succeeded)
                    });
                }
                Some(done) = running.join_next() => {
                    let (delivery, succeeded) = done?;
                    self.settle(receiver, &[delivery], succeeded).await?;
                }
                else => return Ok(()),
            }
        }
    }

    async fn invoke(&self, messages: &[ReceivedMessage]) -> Result<(), Failure> {
        let function = &self.function;
        let input = &function.trigger.input;
        let bodies: Vec<&[u8]> = messages.iter().map(|message| message.body.as_slice()).collect();
        let data = data(input, &bodies, text).map_err(|error| self.invoker.executor.failed(&function.name, error))?;
        let metadata = metadata(&self.namespace.host, &self.client, input.cardinality, messages);
        self.invoker.invoke(function, envelope(&function.name, &input.name, data, metadata, None)).await
    }

    /// Completes messages, or abandons them.
    async fn settle(&self, receiver: &Receiver, messages: &[Delivery], succeeded: bool) -> Result<(), Reason> {
        if !succeeded {
            let modified =
                Modified { delivery_failed: Some(true), undeliverable_here: None, message_annotations: None };
            receiver.modify_all(messages, modified).await?;
        } else if self.auto_complete {
            receiver.accept_all(messages).await?;
        }
        Ok(())
    }
}
