//! Event routes: which notifications go to which endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{error::Error, filter::Filter, notification::Notification};
use crate::event_grid::Schema;

/// Where notifications can go to. In Azure an endpoint is made by the control plane; here it is given at the start.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What routes call it.
    pub name: String,
    /// The schema that its events have.
    pub schema: Schema,
    /// Takes the events, one at a time in the order in which they happened. While it is full, changes wait. Once the
    /// receiver is gone, its events are dropped.
    pub events: mpsc::Sender<Value>,
}

/// A route from the graph to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRoute {
    /// What the route is called.
    pub id: String,
    /// The name of the endpoint.
    pub endpoint_name: String,
    /// Which notifications take this route: `true` for all, `false` for none, or an expression.
    pub filter: String,
}

/// The routes there are. Where two lead to the same endpoint, it gets an event from each (our reading).
#[derive(Debug)]
pub(super) struct Routes {
    endpoints: Vec<Endpoint>,
    /// Replaced as a whole, so that a notification on its way neither waits for a change nor is torn by it.
    routes: RwLock<Arc<BTreeMap<String, Route>>>,
}

#[derive(Debug, Clone)]
struct Route {
    definition: EventRoute,
    filter: Filter,
    endpoint: Endpoint,
}

impl Routes {
    pub(super) fn new(endpoints: Vec<Endpoint>) -> Self {
        Self { endpoints, routes: RwLock::default() }
    }

    /// Sends a notification along every route that lets it pass, and waits until all endpoints have taken it.
    pub(super) async fn send(&self, notification: &Notification) {
        let routes = Arc::clone(&self.routes.read());
        for Route { endpoint, .. } in routes.values().filter(|route| route.filter.matches(notification)) {
            let event = notification.event(endpoint.schema, &endpoint.name);
            let _ = endpoint.events.send(event).await;
        }
    }

    pub(super) fn put(&self, route: EventRoute) -> Result<(), Error> {
        let is_id = |id: &str| (1..=128).contains(&id.chars().count()) && !id.contains(|c: char| c.is_control());
        if !is_id(&route.id) {
            return Err(Error::EventRouteIdInvalid(route.id));
        }
        let endpoint = self.endpoints.iter().find(|endpoint| endpoint.name == route.endpoint_name);
        let endpoint = endpoint.ok_or_else(|| self.no_endpoint(&route.endpoint_name))?.clone();
        let filter = Filter::parse(&route.filter).map_err(Error::EventRouteFilterInvalid)?;
        Arc::make_mut(&mut *self.routes.write())
            .insert(route.id.clone(), Route { definition: route, filter, endpoint });
        Ok(())
    }

    pub(super) fn delete(&self, id: &str) -> Result<(), Error> {
        let removed = Arc::make_mut(&mut *self.routes.write()).remove(id);
        removed.map(|_| ()).ok_or_else(|| Error::EventRouteNotFound(id.to_owned()))
    }

    pub(super) fn get(&self, id: &str) -> Result<EventRoute, Error> {
        let routes = self.routes.read();
        let route = routes.get(id).ok_or_else(|| Error::EventRouteNotFound(id.to_owned()))?;
        Ok(route.definition.clone())
    }

    pub(super) fn list(&self) -> Vec<EventRoute> {
        self.routes.read().values().map(|route| route.definition.clone()).collect()
    }

    fn no_endpoint(&self, name: &str) -> Error {
        let endpoints: Vec<_> = self.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
        let endpoints = if endpoints.is_empty() { "none".to_owned() } else { endpoints.join(", ") };
        Error::EventRouteEndpointInvalid { name: name.to_owned(), endpoints }
    }
}
