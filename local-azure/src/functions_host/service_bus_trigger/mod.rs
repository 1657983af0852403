//! The Service Bus trigger: receives messages of a queue or subscription under a lock, has the function invoked, and
//! completes them if it succeeds or else abandons them, whereupon the service delivers them again.
//!
//! Names like `ServiceBusListener` refer to the extension `Microsoft.Azure.WebJobs.Extensions.ServiceBus`, version 5. As
//! there, the locks of a batch are not renewed. Those of single messages are not either, which the extension does for
//! five minutes; and there are no sessions.

mod message;
mod message_pump;
mod metadata;
mod options;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(super) use options::ServiceBusOptions;

use super::function::{Entity, ServiceBusFunction, ServiceBusTrigger};
use super::invoker::Invoker;
use super::progress::{Progress, Reporter};
use super::settings::{Settings, Unresolved};
use crate::amqp_client::ConnectionString;
use message_pump::MessagePump;

/// A function that knows what it receives from.
#[derive(Debug)]
pub(super) struct ServiceBusListener {
    function: ServiceBusFunction,
    namespace: ConnectionString,
    /// Of the queue, or `<topic>/Subscriptions/<subscription>`.
    path: String,
}

/// Why there is no listener. The host goes on without it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// The function is unknown to the host, even if it is disabled.
    #[error(
        "The '{function}' function is in error: Microsoft.Azure.WebJobs.Host: Error indexing method \
         'Functions.{function}'. Microsoft.Azure.WebJobs.Host: {source}"
    )]
    Indexing { function: String, source: Unresolved },
    #[error("The listener for function 'Functions.{function}' was unable to start. {reason}")]
    Connection { function: String, reason: String },
}

impl ServiceBusListener {
    /// Finds queue or subscription in the settings.
    pub(super) fn new(function: ServiceBusFunction, settings: &Settings) -> Result<Self, Problem> {
        let name = || function.name.clone();
        let path = path(&function.trigger, settings);
        let connection = path.and_then(|path| Ok((path, settings.resolve(&function.trigger.connection)?)));
        let (path, connection) = connection.map_err(|source| Problem::Indexing { function: name(), source })?;
        let failed = |reason: String| Problem::Connection { function: name(), reason };
        let text = settings.connection(&connection).ok_or_else(|| {
            failed(format!(
                "Service Bus account connection string with name '{connection}' does not exist in the settings. Make \
                 sure that it is a defined App Setting."
            ))
        })?;
        let namespace = ConnectionString::parse(&text).map_err(|problem| failed(format!("{connection} {problem}")))?;
        Ok(Self { function, namespace, path })
    }

    /// The name of the function.
    pub(super) fn name(&self) -> &str {
        &self.function.name
    }

    /// Listens until the host stops.
    pub(super) fn start(
        self,
        options: ServiceBusOptions,
        invoker: &Arc<Invoker>,
        stop: CancellationToken,
    ) -> watch::Receiver<Progress> {
        let Self { function, namespace, path } = self;
        let reporter = Reporter::new();
        let progress = reporter.watch();
        let client = format!("{}-{}", namespace.host, Uuid::new_v4());
        let auto_complete = function.trigger.auto_complete.unwrap_or(options.auto_complete_messages);
        let invoker = Arc::clone(invoker);
        let executor = Arc::clone(&invoker.executor);
        let pump = MessagePump { function, namespace, path, client, options, auto_complete, invoker, reporter };
        // Nobody waits for its end but the host itself, when it stops.
        drop(executor.spawn(Arc::new(pump).run(stop)));
        progress
    }
}

fn path(trigger: &ServiceBusTrigger, settings: &Settings) -> Result<String, Unresolved> {
    match &trigger.entity {
        Entity::Queue(queue) => settings.resolve(queue),
        Entity::Subscription { topic, subscription } => {
            Ok(format!("{}/Subscriptions/{}", settings.resolve(topic)?, settings.resolve(subscription)?))
        }
    }
}
