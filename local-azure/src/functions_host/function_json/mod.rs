//! From a `function.json` to the function that it declares.

use axum::http::Method;
use serde::Deserialize;

use super::blob_path::BlobPath;
use super::function::{
    Cardinality, DataType, Entity, EventGridFunction, EventGridTrigger, EventHubFunction, EventHubTrigger, Function,
    HttpFunction, HttpTrigger, MessageInput, Output, ServiceBusFunction, ServiceBusTrigger,
};
use super::retry::RetryJson;

/// What comes before every route; `extensions.http.routePrefix` in `host.json` is not looked at.
const ROUTE_PREFIX: &str = "/api/";

/// The consumer group that every hub has.
const DEFAULT_CONSUMER_GROUP: &str = "$Default";

/// A function with any trigger.
#[derive(Debug)]
pub(super) enum Declared {
    EventGrid(EventGridFunction),
    EventHub(EventHubFunction),
    Http(HttpFunction),
    ServiceBus(ServiceBusFunction),
}

/// A `function.json`.
#[derive(Deserialize)]
pub(super) struct FunctionJson {
    bindings: Vec<BindingJson>,
    /// Only an Event Hubs trigger has retries; elsewhere the host ignores this, and so does the stand-in.
    retry: Option<RetryJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BindingJson {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    direction: Option<String>,
    cardinality: Option<String>,
    path: Option<String>,
    data_type: Option<String>,
    route: Option<String>,
    methods: Option<Vec<String>>,
    auth_level: Option<String>,
    connection: Option<String>,
    event_hub_name: Option<String>,
    consumer_group: Option<String>,
    queue_name: Option<String>,
    topic_name: Option<String>,
    subscription_name: Option<String>,
    auto_complete: Option<bool>,
    #[serde(default)]
    is_sessions_enabled: bool,
}

enum Trigger {
    EventGrid(EventGridTrigger),
    EventHub(EventHubTrigger),
    Http(HttpTrigger),
    ServiceBus(ServiceBusTrigger),
}

enum Binding {
    Trigger(Trigger),
    Blob(Output),
    Http,
}

impl FunctionJson {
    /// The function that it declares in the folder of that name. The error says in words what is wrong, or what the
    /// stand-in can't do.
    pub(super) fn into_function(self, name: String) -> Result<Declared, String> {
        let (mut trigger, mut outputs, mut http_outputs) = (None, Vec::new(), 0);
        for binding in self.bindings {
            match binding.read(&name)? {
                Binding::Trigger(_) if trigger.is_some() => return Err("more than one trigger".to_owned()),
                Binding::Trigger(found) => trigger = Some(found),
                Binding::Blob(output) => outputs.push(output),
                Binding::Http => http_outputs += 1,
            }
        }
        let none = "no binding of type eventGridTrigger, eventHubTrigger, serviceBusTrigger or httpTrigger";
        match trigger.ok_or(none)? {
            Trigger::Http(trigger) if http_outputs == 1 && outputs.is_empty() => {
                Ok(Declared::Http(Function { name, trigger, outputs }))
            }
            Trigger::Http(_) => Err("an httpTrigger is forwarded if its only other binding is one http output, and \
                                     the local host knows no other way"
                .to_owned()),
            _ if http_outputs > 0 => Err("only an httpTrigger has a caller to whom http could go out".to_owned()),
            Trigger::EventGrid(trigger) => Ok(Declared::EventGrid(Function { name, trigger, outputs })),
            Trigger::EventHub(trigger) => {
                let retry = self.retry.map(RetryJson::into_policy).transpose()?;
                Ok(Declared::EventHub(Function { name, trigger: EventHubTrigger { retry, ..trigger }, outputs }))
            }
            Trigger::ServiceBus(trigger) => Ok(Declared::ServiceBus(Function { name, trigger, outputs })),
        }
    }
}

impl BindingJson {
    fn read(self, function: &str) -> Result<Binding, String> {
        let direction = self.direction.as_deref().unwrap_or("in").to_lowercase();
        match (self.kind.to_lowercase().as_str(), direction.as_str()) {
            ("eventgridtrigger", _) => self.event_grid_trigger().map(Trigger::EventGrid).map(Binding::Trigger),
            ("eventhubtrigger", _) => self.event_hub_trigger().map(Trigger::EventHub).map(Binding::Trigger),
            ("httptrigger", _) => self.http_trigger(function).map(Trigger::Http).map(Binding::Trigger),
            ("servicebustrigger", _) => self.service_bus_trigger().map(Trigger::ServiceBus).map(Binding::Trigger),
            ("blob", "out") => self.output().map(Binding::Blob),
            ("http", "out") => Ok(Binding::Http),
            (kind, direction) => Err(format!(
                "binding {:?} is of type {kind:?}, direction {direction:?}; the local host knows eventGridTrigger, \
                 eventHubTrigger and serviceBusTrigger with blob outputs, and httpTrigger with an http output",
                self.name
            )),
        }
    }

    fn event_grid_trigger(self) -> Result<EventGridTrigger, String> {
        Ok(EventGridTrigger { cardinality: self.cardinality()?, name: self.name })
    }

    fn event_hub_trigger(self) -> Result<EventHubTrigger, String> {
        Ok(EventHubTrigger {
            input: self.message_input()?,
            hub: self.event_hub_name.ok_or("eventHubName is missing")?,
            consumer_group: self.consumer_group.unwrap_or_else(|| DEFAULT_CONSUMER_GROUP.to_owned()),
            connection: self.connection.ok_or("connection is missing")?,
            retry: None,
        })
    }

    fn service_bus_trigger(self) -> Result<ServiceBusTrigger, String> {
        if self.is_sessions_enabled {
            return Err("isSessionsEnabled is true; the local host knows no sessions".to_owned());
        }
        let input = self.message_input()?;
        let entity = match (self.queue_name, self.topic_name, self.subscription_name) {
            (Some(queue), None, None) => Entity::Queue(queue),
            (None, Some(topic), Some(subscription)) => Entity::Subscription { topic, subscription },
            _ => return Err("must have queueName, or topicName and subscriptionName".to_owned()),
        };
        // What the extension looks for where no connection is named.
        let connection = self.connection.unwrap_or_else(|| "ServiceBus".to_owned());
        Ok(ServiceBusTrigger { input, entity, connection, auto_complete: self.auto_complete })
    }

    fn message_input(&self) -> Result<MessageInput, String> {
        let data_type = match self.data_type.as_deref().map(str::to_lowercase).as_deref() {
            None | Some("" | "undefined") => DataType::Unspecified,
            Some("string") => DataType::Text,
            Some("binary") => DataType::Binary,
            Some(other) => return Err(format!("dataType is {other:?}, must be \"string\" or \"binary\"")),
        };
        Ok(MessageInput { name: self.name.clone(), cardinality: self.cardinality()?, data_type })
    }

    fn cardinality(&self) -> Result<Cardinality, String> {
        match self.cardinality.as_deref().map(str::to_lowercase).as_deref() {
            None => Ok(Cardinality::default()),
            Some("one") => Ok(Cardinality::One),
            Some("many") => Ok(Cardinality::Many),
            Some(other) => Err(format!("cardinality is {other:?}, must be \"one\" or \"many\"")),
        }
    }

    fn http_trigger(self, function: &str) -> Result<HttpTrigger, String> {
        let route = self.route.unwrap_or_else(|| function.to_owned());
        if route.contains('{') {
            return Err(format!("route is {route:?}; the local host knows no parameters in it"));
        }
        let requires_key = match self.auth_level.as_deref().map(str::to_lowercase).as_deref() {
            None | Some("function") => true,
            Some("anonymous") => false,
            Some(other) => return Err(format!("authLevel is {other:?}, must be \"function\" or \"anonymous\"")),
        };
        let method = |name: String| {
            Method::from_bytes(name.to_uppercase().as_bytes()).map_err(|_| format!("{name:?} is no method of HTTP"))
        };
        let methods = self.methods.map(|names| names.into_iter().map(method).collect()).transpose()?;
        Ok(HttpTrigger { path: format!("{ROUTE_PREFIX}{}", route.trim_matches('/')), methods, requires_key })
    }

    fn output(self) -> Result<Output, String> {
        let path = self.path.ok_or_else(|| format!("blob output {:?} has no path", self.name))?;
        let path =
            BlobPath::parse(&path).map_err(|problem| format!("path of blob output {:?}: {problem}", self.name))?;
        let binary = self.data_type.is_some_and(|kind| kind.eq_ignore_ascii_case("binary"));
        Ok(Output { name: self.name, path, binary })
    }
}

#[cfg(test)]
mod tests;
