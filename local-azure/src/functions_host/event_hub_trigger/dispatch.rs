//! The invocations that a batch gives: one, or as many as the retry policy wants until one succeeds.
//!
//! Meanwhile the partition waits, so that order is kept (`FunctionExecutorExtensions.TryExecuteAsync`).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::super::envelope::envelope;
use super::super::execution::Failure;
use super::super::function::EventHubFunction;
use super::super::invoker::Invoker;
use super::super::log::Category;
use super::super::message_data::data;
use super::super::retry::{Delays, RetryPolicy};
use super::super::retry_context::retry_context;
use super::super::timespan;
use super::event::Event;
use super::metadata::PartitionContext;

/// Has a function invoked.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub(super) function: EventHubFunction,
    pub(super) invoker: Arc<Invoker>,
}

impl Dispatcher {
    /// Returns when the function is done with these events, or there is no point in retrying. Whether it has succeeded
    /// doesn't matter: that is the extension's way.
    pub(super) async fn dispatch(&self, context: &PartitionContext<'_>, events: &[Event], cancel: &CancellationToken) {
        let policy = self.function.trigger.retry.as_ref();
        let mut delays = policy.map(RetryPolicy::delays);
        let mut last = None;
        loop {
            let retries = delays.as_ref().map(Delays::retry_count);
            let Err(failure) = self.invoke(context, events, retries, last.as_ref()).await else { return };
            let Some(delay) = delays.as_mut().and_then(Delays::next) else { return };
            self.log_retry(delay, delays.as_ref().map_or(0, Delays::retry_count));
            last = Some(failure);
            if cancel.run_until_cancelled(sleep(delay)).await.is_none() {
                return;
            }
        }
    }

    async fn invoke(
        &self,
        context: &PartitionContext<'_>,
        events: &[Event],
        retries: Option<u32>,
        last: Option<&Failure>,
    ) -> Result<(), Failure> {
        let function = &self.function;
        let input = &function.trigger.input;
        let bodies: Vec<&[u8]> = events.iter().map(|event| event.body.as_slice()).collect();
        let data = data(input, &bodies, |body| String::from_utf8_lossy(body).into_owned())
            .map_err(|error| self.invoker.executor.failed(&function.name, error))?;
        let metadata = context.metadata(input.cardinality, events);
        let most = function.trigger.retry.as_ref().and_then(|policy| policy.max_retry_count);
        let retry = retries.map(|retries| retry_context(retries, most, last));
        self.invoker.invoke(function, envelope(&function.name, &input.name, data, metadata, retry)).await
    }

    fn log_retry(&self, delay: Duration, attempt: u32) {
        let most = self.function.trigger.retry.as_ref().and_then(|policy| policy.max_retry_count);
        let most = most.map_or("-1".to_owned(), |most| most.to_string());
        let delay = timespan::format(delay);
        let text = format!(
            "Waiting for `{delay}` before retrying function execution. Next attempt: '{attempt}'. Max retry count: '{most}'"
        );
        self.invoker.executor.log.information(Category::Host, text);
    }
}
