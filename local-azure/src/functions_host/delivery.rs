//! A delivery, from the events that the webhook read to the blobs that the outputs wrote.
//!
//! One failed invocation fails the delivery, and Event Grid will bring all of it again.

use std::error::Error;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinSet;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::blob::BlobStore;
use super::execution::{Executor, Failure};
use super::function::EventGridFunction;
use super::handler_client::HandlerClient;
use super::invocation::TriggerValue;
use super::log::Category;
use super::newtonsoft::Token;
use super::outputs;

/// Takes deliveries to functions.
#[derive(Debug)]
pub(super) struct Deliveries {
    pub(super) executor: Arc<Executor>,
    pub(super) client: HandlerClient,
    pub(super) store: BlobStore,
}

impl Deliveries {
    /// Runs the function for these events: once, or for each of them at the same time.
    pub(super) async fn deliver(
        self: Arc<Self>,
        function: Arc<EventGridFunction>,
        events: Vec<Token>,
    ) -> Result<(), Failure> {
        let mut invocations = JoinSet::new();
        for trigger in TriggerValue::of_delivery(function.trigger.cardinality, events) {
            let (deliveries, function) = (Arc::clone(&self), Arc::clone(&function));
            invocations.spawn(async move {
                let executor = &deliveries.executor;
                let trigger = trigger.map_err(|error| executor.failed(&function.name, &error))?;
                executor.invoke(&function.name, |handler| deliveries.call(handler, &function, trigger)).await
            });
        }
        invocations.join_all().await.into_iter().collect()
    }

    async fn call(
        &self,
        handler: SocketAddr,
        function: &EventGridFunction,
        trigger: TriggerValue,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let body = trigger.envelope(function);
        let response = self.client.invoke(handler, &function.name, Uuid::new_v4(), body).await?;
        let Answer::Done(result) = answer::judge(response.status, &response.headers, &response.body)? else {
            return pending().await;
        };
        for line in &result.logs {
            self.executor.log.information(Category::Function(function.name.clone()), line);
        }
        for blob in outputs::blobs(function, &result)? {
            self.store.write(&blob.name, blob.content).await?;
        }
        Ok(())
    }
}
