//! Event routes: which notifications go to which endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::{
    endpoint::Endpoint,
    error::Error,
    filter::Filter,
    notification::Notification,
    outlet::{InvalidEndpoint, Outlet},
    snapshot::EndpointSnapshot,
};

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
    outlets: Vec<Arc<Outlet>>,
    /// Replaced as a whole, so that a notification on its way neither waits for a change nor is torn by it.
    routes: RwLock<Arc<BTreeMap<String, Route>>>,
}

#[derive(Debug, Clone)]
struct Route {
    definition: EventRoute,
    filter: Filter,
    outlet: Arc<Outlet>,
}

impl Routes {
    pub(super) fn new(endpoints: Vec<Endpoint>) -> Result<Self, InvalidEndpoint> {
        let outlets = endpoints.into_iter().map(|endpoint| Outlet::open(endpoint).map(Arc::new));
        Ok(Self { outlets: outlets.collect::<Result<_, _>>()?, routes: RwLock::default() })
    }

    /// Sends a notification along every route that lets it pass, and waits until all endpoints have taken it.
    pub(super) async fn send(&self, notification: &Notification) {
        let routes = Arc::clone(&self.routes.read());
        for Route { outlet, .. } in routes.values().filter(|route| route.filter.matches(notification)) {
            outlet.send(notification).await;
        }
    }

    /// How an endpoint is doing.
    pub(super) fn endpoint(&self, name: &str) -> Option<EndpointSnapshot> {
        self.outlet(name)?.snapshot()
    }

    /// Waits until all that was sent has been accepted.
    pub(super) async fn sent(&self) {
        for outlet in &self.outlets {
            outlet.sent().await;
        }
    }

    pub(super) fn put(&self, route: EventRoute) -> Result<(), Error> {
        let is_id = |id: &str| (1..=128).contains(&id.chars().count()) && !id.contains(|c: char| c.is_control());
        if !is_id(&route.id) {
            return Err(Error::EventRouteIdInvalid(route.id));
        }
        let outlet = self.outlet(&route.endpoint_name).ok_or_else(|| self.no_endpoint(&route.endpoint_name))?;
        let outlet = Arc::clone(outlet);
        let filter = Filter::parse(&route.filter).map_err(Error::EventRouteFilterInvalid)?;
        Arc::make_mut(&mut *self.routes.write()).insert(route.id.clone(), Route { definition: route, filter, outlet });
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

    fn outlet(&self, name: &str) -> Option<&Arc<Outlet>> {
        self.outlets.iter().find(|outlet| outlet.name == name)
    }

    fn no_endpoint(&self, name: &str) -> Error {
        let endpoints: Vec<_> = self.outlets.iter().map(|outlet| outlet.name.as_str()).collect();
        let endpoints = if endpoints.is_empty() { "none".to_owned() } else { endpoints.join(", ") };
        Error::EventRouteEndpointInvalid { name: name.to_owned(), endpoints }
    }
}
