//! A delivery, from the events that the webhook read to the end of the invocations that they give.
//!
//! One failed invocation fails the delivery, and Event Grid will bring all of it again.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::execution::Failure;
use super::function::EventGridFunction;
use super::invocation::TriggerValue;
use super::invoker::Invoker;
use super::newtonsoft::Token;

/// Takes deliveries to functions.
#[derive(Clone, Debug)]
pub(super) struct Deliveries(pub(super) Arc<Invoker>);

impl Deliveries {
    /// Runs the function for these events: once, or for each of them at the same time.
    pub(super) async fn deliver(self, function: Arc<EventGridFunction>, events: Vec<Token>) -> Result<(), Failure> {
        let mut invocations = JoinSet::new();
        for trigger in TriggerValue::of_delivery(function.trigger.cardinality, events) {
            let (invoker, function) = (Arc::clone(&self.0), Arc::clone(&function));
            invocations.spawn(async move {
                let trigger = trigger.map_err(|error| invoker.executor.failed(&function.name, error))?;
                invoker.invoke(&function, trigger.envelope(&function)).await
            });
        }
        invocations.join_all().await.into_iter().collect()
    }
}
