//! The operations on the graph, for programs in this process and for the REST API alike: change it, then tell.

use parking_lot::RwLock;
use serde_json::Value;

use super::{
    endpoint::Endpoint,
    error::Error,
    notification::Notification,
    outlet::InvalidEndpoint,
    patch::Patch,
    precondition::Precondition,
    query::{self, Page},
    relationship::Relationship,
    routes::{EventRoute, Routes},
    snapshot::EndpointSnapshot,
    state::{Change, State, no_component},
    telemetry::Telemetry,
    timestamp,
    turns::Turns,
};

/// A graph of twins.
///
/// Every change gives one notification, which is sent along the routes before the operation returns; changes of one
/// twin are told in the order in which they were made. While an endpoint is full, the operations whose notifications go
/// there wait (reading never does). An operation that is dropped while it waits has changed the graph, but the
/// notification may not have reached every endpoint.
#[derive(Debug)]
pub struct Graph {
    host_name: String,
    state: RwLock<State>,
    routes: Routes,
    turns: Turns,
}

impl Graph {
    /// An empty graph.
    ///
    /// `host_name` is what notifications name as their source, like `factory.api.weu.digitaltwins.azure.net`. Endpoints
    /// of Event Hubs and Service Bus need a runtime to send on, that of the caller.
    pub fn new(host_name: impl Into<String>, endpoints: Vec<Endpoint>) -> Result<Self, InvalidEndpoint> {
        Ok(Self {
            host_name: host_name.into(),
            state: RwLock::default(),
            routes: Routes::new(endpoints)?,
            turns: Turns::default(),
        })
    }

    /// Adds models, all of them or none: DTDL interfaces, in any order. Returns how the API shows them.
    pub fn put_models(&self, models: Vec<Value>) -> Result<Vec<Value>, Error> {
        self.state.write().models.put(models, &timestamp::now())
    }

    /// A model as the API shows it.
    pub fn get_model(&self, id: &str, with_definition: bool) -> Result<Value, Error> {
        self.state.read().models.get(id, with_definition)
    }

    /// All models as the API shows them, or those given with those that they need.
    pub fn list_models(&self, dependencies_for: &[String], with_definition: bool) -> Result<Vec<Value>, Error> {
        let state = self.state.read();
        let ids = state.models.ids(dependencies_for)?;
        ids.iter().map(|id| state.models.get(id, with_definition)).collect()
    }

    /// Deletes a model that no other model needs. Its twins stay, and can't be changed any more.
    pub fn delete_model(&self, id: &str) -> Result<(), Error> {
        self.state.write().models.delete(id)
    }

    /// Says whether no more twins can be created with a model.
    pub fn decommission_model(&self, id: &str, decommissioned: bool) -> Result<(), Error> {
        self.state.write().models.set_decommissioned(id, decommissioned)
    }

    /// How many twins there are.
    pub fn len(&self) -> usize {
        self.state.read().len()
    }

    /// Whether there are no twins.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A twin as the API shows it.
    pub fn get_twin(&self, id: &str) -> Result<Value, Error> {
        Ok(self.state.read().node(id)?.twin.shown())
    }

    /// Creates or replaces a twin and returns it. A replaced twin keeps its relationships, and is told as created: what
    /// Azure tells of it is not documented.
    pub async fn put_twin(&self, id: &str, twin: Value, precondition: Precondition) -> Result<Value, Error> {
        check_id(id)?;
        let _turn = self.turns.of(id).await;
        let now = timestamp::now();
        let (twin, change) = self.state.write().put_twin(id, twin, &precondition, &now)?;
        self.tell(change, now).await;
        Ok(twin)
    }

    /// Patches a twin with a JSON Patch (an array of operations) and returns its new etag.
    pub async fn update_twin(&self, id: &str, patch: Value, precondition: Precondition) -> Result<String, Error> {
        self.patch_twin(id, Patch::parse(patch)?, precondition).await
    }

    /// Deletes a twin that has no relationships.
    pub async fn delete_twin(&self, id: &str, precondition: Precondition) -> Result<(), Error> {
        let _turn = self.turns.of(id).await;
        let change = self.state.write().delete_twin(id, &precondition)?;
        self.tell(change, timestamp::now()).await;
        Ok(())
    }

    /// A component of a twin as the API shows it, and the etag of the twin.
    pub fn get_component(&self, id: &str, component: &str) -> Result<(Value, String), Error> {
        let state = self.state.read();
        let twin = &state.node(id)?.twin;
        let shown = twin.component(component).ok_or_else(|| no_component(id, component))?;
        Ok((shown, twin.etag().to_owned()))
    }

    /// Patches a component, with paths that start at the component, and returns the new etag of the twin.
    pub async fn update_component(
        &self,
        id: &str,
        component: &str,
        patch: Value,
        precondition: Precondition,
    ) -> Result<String, Error> {
        let patch = Patch::parse(patch)?.below(component);
        self.get_component(id, component)?;
        self.patch_twin(id, patch, precondition).await
    }

    async fn patch_twin(&self, id: &str, patch: Patch, precondition: Precondition) -> Result<String, Error> {
        let _turn = self.turns.of(id).await;
        let now = timestamp::now();
        let (etag, change) = self.state.write().update_twin(id, patch, &precondition, &now)?;
        self.tell(change, now).await;
        Ok(etag)
    }

    /// A relationship as the API shows it.
    pub fn get_relationship(&self, source: &str, id: &str) -> Result<Value, Error> {
        Ok(self.state.read().relationship(source, id)?.shown().clone())
    }

    /// The relationships that leave a twin, all of them or those of one name.
    pub fn list_relationships(&self, source: &str, name: Option<&str>) -> Result<Vec<Value>, Error> {
        let state = self.state.read();
        let relationships = state.node(source)?.relationships.values();
        let named = relationships.filter(|relationship| name.is_none_or(|name| relationship.name() == name));
        Ok(named.map(|relationship| relationship.shown().clone()).collect())
    }

    /// The relationships that lead to a twin.
    pub fn list_incoming_relationships(&self, target: &str) -> Result<Vec<Value>, Error> {
        Ok(self.state.read().incoming(target)?.map(Relationship::shown_as_incoming).collect())
    }

    /// Creates or replaces a relationship and returns it.
    pub async fn put_relationship(
        &self,
        source: &str,
        id: &str,
        relationship: Value,
        precondition: Precondition,
    ) -> Result<Value, Error> {
        check_id(id)?;
        let _turn = self.turns.of(source).await;
        let (shown, change) = self.state.write().put_relationship(source, id, relationship, &precondition)?;
        self.tell(change, timestamp::now()).await;
        Ok(shown)
    }

    /// Patches the properties of a relationship with a JSON Patch and returns its new etag.
    pub async fn update_relationship(
        &self,
        source: &str,
        id: &str,
        patch: Value,
        precondition: Precondition,
    ) -> Result<String, Error> {
        let patch = Patch::parse(patch)?;
        let _turn = self.turns.of(source).await;
        let (etag, change) = self.state.write().update_relationship(source, id, patch, &precondition)?;
        self.tell(change, timestamp::now()).await;
        Ok(etag)
    }

    /// Deletes a relationship.
    pub async fn delete_relationship(&self, source: &str, id: &str, precondition: Precondition) -> Result<(), Error> {
        let _turn = self.turns.of(source).await;
        let change = self.state.write().delete_relationship(source, id, &precondition)?;
        self.tell(change, timestamp::now()).await;
        Ok(())
    }

    /// Sends telemetry on behalf of a twin. Nothing is stored.
    pub async fn send_telemetry(&self, twin: &str, telemetry: Telemetry) -> Result<(), Error> {
        if telemetry.message_id.is_empty() {
            return Err(Error::InvalidArgument("The message id is missing.".to_owned()));
        }
        if let Some(time) = telemetry.source_time.as_ref().filter(|time| !timestamp::is_valid(time)) {
            return Err(Error::InvalidArgument(format!("The source time {time:?} is no RFC 3339 time.")));
        }
        if !telemetry.payload.is_object() {
            let details = vec!["It must be a JSON object.".to_owned()];
            return Err(Error::ValidationFailed { summary: "The telemetry is not valid", details });
        }
        let _turn = self.turns.of(twin).await;
        let model = self.state.read().telemetry_model(twin, telemetry.component.as_deref())?;
        self.routes.send(&Notification::of_telemetry(&self.host_name, twin, telemetry, model)).await;
        Ok(())
    }

    /// Runs a query: one page of at most `limit` twins or relationships, from the beginning or from where a
    /// continuation token says. The stand-in knows `SELECT * FROM digitaltwins` and `SELECT * FROM relationships` with a
    /// few conditions; anything else is an error that says so.
    pub fn query(&self, query: &query::Request, limit: usize) -> Result<Page, Error> {
        query::run(&self.state.read(), query, limit)
    }

    /// Creates or replaces an event route. Notifications of changes made from now on take it.
    pub fn put_event_route(&self, route: EventRoute) -> Result<(), Error> {
        self.routes.put(route)
    }

    /// An event route.
    pub fn get_event_route(&self, id: &str) -> Result<EventRoute, Error> {
        self.routes.get(id)
    }

    /// All event routes in the order of their ids.
    pub fn list_event_routes(&self) -> Vec<EventRoute> {
        self.routes.list()
    }

    /// Deletes an event route.
    pub fn delete_event_route(&self, id: &str) -> Result<(), Error> {
        self.routes.delete(id)
    }

    /// How an endpoint of Event Hubs or Service Bus is doing; `None` if there is none of that name.
    pub fn endpoint(&self, name: &str) -> Option<EndpointSnapshot> {
        self.routes.endpoint(name)
    }

    /// Waits until all that was told has been accepted where Event Hubs and Service Bus are told.
    pub async fn sent(&self) {
        self.routes.sent().await;
    }

    async fn tell(&self, Change { kind, subject, data }: Change, time: String) {
        self.routes.send(&Notification::of_change(kind, &self.host_name, subject, time, data)).await;
    }
}

/// The ids of twins and relationships. The length is ADT's limit as commonly quoted, the rest is our reading.
fn check_id(id: &str) -> Result<(), Error> {
    let length = id.chars().count();
    if (1..=128).contains(&length) && !id.contains(|c: char| c.is_control() || c == '/') {
        return Ok(());
    }
    Err(Error::InvalidArgument(
        "An id must have 1 to 128 characters, and neither slashes nor control characters.".to_owned(),
    ))
}
