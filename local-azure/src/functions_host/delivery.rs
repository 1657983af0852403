//! A delivery, from the events that the webhook read to the blobs that the outputs wrote.
//!
//! One failed invocation fails the delivery, and Event Grid will bring all of it again.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::app::Function;
use super::blob::BlobStore;
use super::handler::{HandlerLink, Ready};
use super::handler_client::HandlerClient;
use super::invocation::TriggerValue;
use super::log::{Category, Log};
use super::newtonsoft::Token;
use super::{outputs, timespan};

/// Runs functions.
#[derive(Debug)]
pub(super) struct Executor {
    pub(super) client: HandlerClient,
    pub(super) handler: HandlerLink,
    pub(super) store: BlobStore,
    pub(super) function_timeout: Duration,
    pub(super) log: Log,
}

/// An invocation failed. The text is all that the sender of the events gets to see; the reason goes to the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("Exception while executing function: Functions.{0}")]
    Exception(String),
    #[error("Timeout value of {} was exceeded by function: Functions.{function}", timespan::format(*timeout))]
    Timeout { function: String, timeout: Duration },
}

impl Executor {
    /// Runs the function for these events: once, or for each of them at the same time.
    pub(super) async fn deliver(self: Arc<Self>, function: Arc<Function>, events: Vec<Token>) -> Result<(), Failure> {
        let mut invocations = JoinSet::new();
        for trigger in TriggerValue::of_delivery(function.trigger.cardinality, events) {
            let (executor, function) = (Arc::clone(&self), Arc::clone(&function));
            invocations.spawn(async move {
                match trigger {
                    Ok(trigger) => executor.invoke(&function, trigger).await,
                    Err(error) => Err(executor.failed(&function, &error)),
                }
            });
        }
        invocations.join_all().await.into_iter().collect()
    }

    async fn invoke(&self, function: &Function, trigger: TriggerValue) -> Result<(), Failure> {
        let ready = self.handler.ready().await.map_err(|gone| self.failed(function, &gone))?;
        match tokio::time::timeout(self.function_timeout, self.call(ready, function, trigger)).await {
            Ok(result) => result,
            Err(_) => Err(self.timed_out(ready, function)),
        }
    }

    async fn call(&self, ready: Ready, function: &Function, trigger: TriggerValue) -> Result<(), Failure> {
        let body = trigger.envelope(function);
        let response = self.client.invoke(ready.address, &function.name, Uuid::new_v4(), body).await;
        let response = response.map_err(|error| self.failed(function, &error))?;
        let answer = answer::judge(response.status, &response.headers, &response.body);
        let Answer::Done(result) = answer.map_err(|refusal| self.failed(function, &refusal))? else {
            return pending().await;
        };
        for line in &result.logs {
            self.log.information(Category::Function(function.name.clone()), line);
        }
        for blob in outputs::blobs(function, &result).map_err(|problem| self.failed(function, &problem))? {
            self.store.write(&blob.name, blob.content).await.map_err(|error| self.failed(function, &error))?;
        }
        Ok(())
    }

    /// The host takes a handler that let an invocation time out for stuck: it kills and restarts it, and whatever else
    /// was running there fails.
    fn timed_out(&self, ready: Ready, function: &Function) -> Failure {
        let failure = Failure::Timeout { function: function.name.clone(), timeout: self.function_timeout };
        self.log.error(Category::Host, failure.to_string());
        self.handler.replace(ready);
        failure
    }

    fn failed(&self, function: &Function, reason: &dyn std::fmt::Display) -> Failure {
        self.log.error(Category::Host, format!("Executed 'Functions.{}' (Failed): {reason}", function.name));
        Failure::Exception(function.name.clone())
    }
}
