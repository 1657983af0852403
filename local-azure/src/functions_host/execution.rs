//! One invocation of a function, whatever triggered it: the handler must be there, and answer in time.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::handler::{HandlerLink, Ready};
use super::log::{Category, Log};
use super::timespan;

/// Runs functions.
#[derive(Debug)]
pub(super) struct Executor {
    pub(super) handler: HandlerLink,
    pub(super) function_timeout: Duration,
    pub(super) log: Log,
    /// What is running.
    pub(super) running: TaskTracker,
    /// The handler is terminated, and what still runs with it.
    pub(super) terminate: CancellationToken,
}

/// Why an invocation failed.
pub(super) type Reason = Box<dyn Error + Send + Sync>;

/// An invocation failed. The text is all that the sender of events gets to see; the reason goes to the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("Exception while executing function: Functions.{function}")]
    Exception { function: String, source: Reason },
    #[error("Timeout value of {} was exceeded by function: Functions.{function}", timespan::format(*timeout))]
    Timeout { function: String, timeout: Duration },
}

/// Work did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Interrupted {
    #[error("the host stopped before the function was done")]
    Stopped,
    #[error(transparent)]
    Broken(#[from] JoinError),
}

impl Executor {
    /// Runs work on to its end even if the one who waits for it hangs up.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Interrupted> {
        self.spawn(work).await?.ok_or(Interrupted::Stopped)
    }

    /// Has work done beside; nothing comes of it if the host ends before.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<Option<T>> {
        self.running.spawn(self.terminate.clone().run_until_cancelled_owned(work))
    }

    /// Calls the handler for a function, once it is ready, and for no longer than a function may take.
    pub(super) async fn invoke<T, E: Into<Reason>, F: Future<Output = Result<T, E>>>(
        &self,
        function: &str,
        call: impl FnOnce(SocketAddr) -> F,
    ) -> Result<T, Failure> {
        let ready = self.handler.ready().await.map_err(|gone| self.failed(function, gone))?;
        match tokio::time::timeout(self.function_timeout, call(ready.address)).await {
            Ok(result) => result.map_err(|error| self.failed(function, error)),
            Err(_) => Err(self.timed_out(ready, function)),
        }
    }

    /// The host takes a handler that let an invocation time out for stuck: it kills and restarts it, and whatever else
    /// was running there fails.
    fn timed_out(&self, ready: Ready, function: &str) -> Failure {
        let failure = Failure::Timeout { function: function.to_owned(), timeout: self.function_timeout };
        self.log.error(Category::Host, failure.to_string());
        self.handler.replace(ready);
        failure
    }

    pub(super) fn failed(&self, function: &str, reason: impl Into<Reason>) -> Failure {
        let source = reason.into();
        self.log.error(Category::Host, format!("Executed 'Functions.{function}' (Failed): {source}"));
        Failure::Exception { function: function.to_owned(), source }
    }
}
