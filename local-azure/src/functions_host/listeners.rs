//! The functions that listen to a broker: which of them can, and what becomes of them.
//!
//! An enabled Event Hubs function that lacks a setting keeps the whole host from starting; one with a Service Bus trigger
//! only ends up in the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::event_hub_trigger::{EventHubListener, EventHubOptions};
use super::function::{EventHubFunction, ServiceBusFunction};
use super::invoker::Invoker;
use super::log::{Category, Log};
use super::progress::Progress;
use super::service_bus_trigger::{Problem, ServiceBusListener, ServiceBusOptions};
use super::settings::Settings;

/// An Event Hubs function can't listen.
#[derive(Debug, thiserror::Error)]
#[error("The listener for function 'Functions.{function}' was unable to start. {problem}")]
pub struct ListenerError {
    function: String,
    problem: String,
}

/// Listeners that have not been started.
#[derive(Debug)]
pub(super) struct Listeners {
    event_hubs: Vec<EventHubListener>,
    service_bus: Vec<ServiceBusListener>,
}

impl Listeners {
    /// The listeners of the functions that are enabled.
    pub(super) fn new(
        event_hubs: Vec<EventHubFunction>,
        service_bus: Vec<ServiceBusFunction>,
        settings: &Settings,
        log: &Log,
    ) -> Result<Self, ListenerError> {
        let mut listeners = Self { event_hubs: Vec::new(), service_bus: Vec::new() };
        for function in event_hubs.into_iter().filter(|function| !settings.disable(&function.name)) {
            let name = function.name.clone();
            let listener = EventHubListener::new(function, settings);
            listeners.event_hubs.push(listener.map_err(|problem| ListenerError { function: name, problem })?);
        }
        for function in service_bus {
            let enabled = !settings.disable(&function.name);
            match ServiceBusListener::new(function, settings) {
                Ok(listener) if enabled => listeners.service_bus.push(listener),
                Err(problem @ Problem::Indexing { .. }) => log.error(Category::Host, problem.to_string()),
                Err(problem @ Problem::Connection { .. }) if enabled => log.error(Category::Host, problem.to_string()),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(listeners)
    }

    /// Starts them all. Gives their progress by the names of the functions.
    pub(super) fn start(
        self,
        event_hubs: &EventHubOptions,
        service_bus: &ServiceBusOptions,
        invoker: &Arc<Invoker>,
        stop: &CancellationToken,
    ) -> BTreeMap<String, watch::Receiver<Progress>> {
        let event_hubs = self.event_hubs.into_iter().map(|listener| {
            let name = listener.name().to_owned();
            (name, listener.start(event_hubs.clone(), invoker, stop.clone()))
        });
        let service_bus = self.service_bus.into_iter().map(|listener| {
            let name = listener.name().to_owned();
            (name, listener.start(service_bus.clone(), invoker, stop.clone()))
        });
        event_hubs.chain(service_bus).collect()
    }
}
