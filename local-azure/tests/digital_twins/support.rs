//! A service with an endpoint for each schema, and a client for it.

use std::time::Duration;

use local_azure::digital_twins::{Config, Destination, DigitalTwins, Endpoint, EventRoute};
use local_azure::event_grid::Schema;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Nothing here takes as long; a test that would hang fails instead.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// The host name in the examples that Azure publishes.
pub(crate) const HOST: &str = "my-example-digital-twin.api.sea.digitaltwins.azure.net";

pub(crate) const ROOM: &str = "dtmi:test:Room;1";
pub(crate) const MEETING_ROOM: &str = "dtmi:test:MeetingRoom;1";
pub(crate) const THERMOSTAT: &str = "dtmi:test:Thermostat;1";
pub(crate) const SENSOR: &str = "dtmi:test:Sensor;1";

/// A running service.
pub(crate) struct Instance {
    pub(crate) twins: DigitalTwins,
    /// What arrives at the endpoint `event-grid`.
    pub(crate) event_grid: mpsc::Receiver<Value>,
    /// What arrives at the endpoint `cloud-events`.
    pub(crate) cloud_events: mpsc::Receiver<Value>,
    client: reqwest::Client,
}

/// What the service answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) body: Value,
}

impl Instance {
    /// A service whose endpoints get everything.
    pub(crate) async fn start() -> Self {
        Self::start_with(1000).await
    }

    /// The same with endpoints that hold no more than so many events.
    pub(crate) async fn start_with(capacity: usize) -> Self {
        let (event_grid_events, event_grid) = mpsc::channel(capacity);
        let (cloud_events_events, cloud_events) = mpsc::channel(capacity);
        let endpoint = |name: &str, schema, events| Endpoint {
            name: name.to_owned(),
            destination: Destination::EventGrid { schema, events },
        };
        let route = |id: &str, endpoint: &str| EventRoute {
            id: id.to_owned(),
            endpoint_name: endpoint.to_owned(),
            filter: "true".to_owned(),
        };
        let config = Config {
            host_name: HOST.to_owned(),
            endpoints: vec![
                endpoint("event-grid", Schema::EventGrid, event_grid_events),
                endpoint("cloud-events", Schema::CloudEvents, cloud_events_events),
            ],
            routes: vec![route("all-1", "event-grid"), route("all-2", "cloud-events")],
            ..Config::default()
        };
        let client = reqwest::Client::builder().no_proxy().timeout(SOON).build().unwrap();
        Self { twins: DigitalTwins::start(config).await.unwrap(), event_grid, cloud_events, client }
    }

    /// A service with the models of a building, and nothing told yet.
    pub(crate) async fn with_models() -> Self {
        let instance = Self::start().await;
        instance.twins.graph().put_models(models()).unwrap();
        instance
    }

    /// Sends a request of the newest API version.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.send_with(method, path, &[], body).await
    }

    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let separator = if path.contains('?') { '&' } else { '?' };
        self.send_raw(method, &format!("{path}{separator}api-version=2023-10-31"), headers, body).await
    }

    /// Sends a request as it is.
    pub(crate) async fn send_raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        self.send_text(method, path, headers, body.map(|body| body.to_string())).await
    }

    /// The same with any text for a body.
    pub(crate) async fn send_text(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        let mut request = self.client.request(method, format!("{}{path}", self.twins.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (status, etag, error_code) = (response.status(), header("etag"), header("x-ms-error-code"));
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Reply { status, etag, error_code, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Creates a twin that must be accepted.
    pub(crate) async fn create(&self, id: &str, twin: Value) -> Value {
        self.put(&format!("/digitaltwins/{id}"), twin).await.expect(StatusCode::OK)
    }

    /// Creates a room with a thermostat.
    pub(crate) async fn create_room(&self, id: &str) -> Value {
        self.create(id, room()).await
    }

    /// The next notification in the Event Grid schema.
    pub(crate) async fn next_event_grid_event(&mut self) -> Value {
        tokio::time::timeout(SOON, self.event_grid.recv()).await.unwrap().unwrap()
    }

    /// The next notification in the CloudEvents schema.
    pub(crate) async fn next_cloud_event(&mut self) -> Value {
        tokio::time::timeout(SOON, self.cloud_events.recv()).await.unwrap().unwrap()
    }

    /// The kinds and subjects of everything told since the last time. Only of requests that were answered: those have
    /// told what they have to tell.
    pub(crate) fn told(&mut self) -> Vec<(String, String)> {
        let mut told = Vec::new();
        while let Ok(event) = self.event_grid.try_recv() {
            let kind = event["eventType"].as_str().unwrap().trim_start_matches("Microsoft.DigitalTwins.").to_owned();
            told.push((kind, event["subject"].as_str().unwrap().to_owned()));
        }
        told
    }
}

impl Reply {
    /// The body of an answer that must have this status.
    pub(crate) fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.body
    }

    /// Asserts that this is an error of that kind, in the shape that all errors have, and gives its text.
    pub(crate) fn refused(self, status: u16, code: &str) -> String {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.body["error"]["code"], code, "{self:?}");
        assert_eq!(self.error_code.as_deref(), Some(code), "{self:?}");
        let error = self.body["error"].as_object().unwrap();
        let mut text = error["message"].as_str().unwrap().to_owned();
        for detail in error.get("details").and_then(Value::as_array).into_iter().flatten() {
            text.push_str(detail["message"].as_str().unwrap());
        }
        assert!(!text.is_empty());
        text
    }
}

pub(crate) fn room() -> Value {
    json!({
        "$metadata": {"$model": ROOM},
        "Temperature": 21.5,
        "name": "Lobby",
        "thermostat": {"$metadata": {}, "setPoint": 20},
    })
}

pub(crate) fn interface(id: &str, contents: Value) -> Value {
    let mut interface = json!({"@id": id, "@type": "Interface", "@context": "dtmi:dtdl:context;2"});
    interface["contents"] = contents;
    interface
}

/// The models of a building. One that needs another comes first, to show that the order is of no matter.
pub(crate) fn models() -> Vec<Value> {
    let mut meeting_room =
        interface(MEETING_ROOM, json!([{"@type": "Property", "name": "seats", "schema": "integer"}]));
    meeting_room["extends"] = json!(ROOM);
    let room = interface(
        ROOM,
        json!([
            {"@type": ["Property", "Temperature"], "name": "Temperature", "schema": "double", "unit": "degreeCelsius"},
            {"@type": "Property", "name": "name", "schema": "string"},
            {"@type": "Property", "name": "inUse", "schema": "boolean"},
            {"@type": "Property", "name": "since", "schema": "dateTime"},
            {"@type": "Property", "name": "state", "schema": {"@type": "Enum", "valueSchema": "integer", "enumValues": [
                {"name": "closed", "enumValue": 1}, {"name": "open", "enumValue": 2}]}},
            {"@type": "Property", "name": "tags", "schema": {"@type": "Map",
                "mapKey": {"name": "key", "schema": "string"}, "mapValue": {"name": "value", "schema": "string"}}},
            {"@type": "Property", "name": "place", "schema": {"@type": "Object", "fields": [
                {"name": "floor", "schema": "integer"}, {"name": "wing", "schema": "string"}]}},
            {"@type": "Component", "name": "thermostat", "schema": THERMOSTAT},
            {"@type": "Telemetry", "name": "noise", "schema": "double"},
            {"@type": "Relationship", "name": "has", "target": SENSOR, "properties": [
                {"@type": "Property", "name": "since", "schema": "string"},
                {"@type": "Property", "name": "count", "schema": "integer"}]},
            {"@type": "Relationship", "name": "near"},
        ]),
    );
    let thermostat = interface(
        THERMOSTAT,
        json!([
            {"@type": "Property", "name": "setPoint", "schema": "double"},
            {"@type": "Property", "name": "mode", "schema": "string"},
        ]),
    );
    let sensor = interface(SENSOR, json!([{"@type": "Property", "name": "battery", "schema": "long"}]));
    vec![meeting_room, room, thermostat, sensor]
}
