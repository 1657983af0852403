//! A function as its `function.json` declares it.

use axum::http::Method;

use super::blob_path::BlobPath;
use super::retry::RetryPolicy;

/// A function with that trigger.
#[derive(Debug)]
pub(super) struct Function<Trigger> {
    /// The name of its folder.
    pub(super) name: String,
    pub(super) trigger: Trigger,
    /// None if the trigger is an HTTP trigger, which has an HTTP output.
    pub(super) outputs: Vec<Output>,
}

pub(super) type EventGridFunction = Function<EventGridTrigger>;
pub(super) type EventHubFunction = Function<EventHubTrigger>;
pub(super) type HttpFunction = Function<HttpTrigger>;
pub(super) type ServiceBusFunction = Function<ServiceBusTrigger>;

/// An Event Grid trigger.
#[derive(Debug)]
pub(super) struct EventGridTrigger {
    pub(super) name: String,
    pub(super) cardinality: Cardinality,
}

/// An Event Hubs trigger. What is in `%NAME%` is not resolved yet.
#[derive(Debug)]
pub(super) struct EventHubTrigger {
    pub(super) input: MessageInput,
    /// `eventHubName`.
    pub(super) hub: String,
    pub(super) consumer_group: String,
    /// The name of the setting with the connection string.
    pub(super) connection: String,
    pub(super) retry: Option<RetryPolicy>,
}

/// A Service Bus trigger. What is in `%NAME%` is not resolved yet.
#[derive(Debug)]
pub(super) struct ServiceBusTrigger {
    pub(super) input: MessageInput,
    pub(super) entity: Entity,
    /// The name of the setting with the connection string.
    pub(super) connection: String,
    /// Whether a message is completed when the function succeeds; `None`: as `host.json` says.
    pub(super) auto_complete: Option<bool>,
}

/// What a Service Bus trigger receives from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entity {
    Queue(String),
    Subscription { topic: String, subscription: String },
}

/// How a function wants the messages of a broker.
#[derive(Clone, Debug)]
pub(super) struct MessageInput {
    /// The name of the binding.
    pub(super) name: String,
    pub(super) cardinality: Cardinality,
    pub(super) data_type: DataType,
}

/// An HTTP trigger.
#[derive(Debug)]
pub(super) struct HttpTrigger {
    /// Where it is called; with a prefix, and without parameters. Case makes no difference.
    pub(super) path: String,
    /// What it can be called with. `None`: anything.
    pub(super) methods: Option<Vec<Method>>,
    /// `authLevel`: whether a call must bring the function's key.
    pub(super) requires_key: bool,
}

/// How many events an invocation gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cardinality {
    /// One; the events of a delivery of Event Grid are invoked in parallel.
    #[default]
    One,
    /// All events of a delivery or of a batch.
    Many,
}

/// `dataType`: what the body of a message becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum DataType {
    /// Text if it is alone, else JSON that is parsed.
    #[default]
    Unspecified,
    Text,
    Binary,
}

/// A blob output binding.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) path: BlobPath,
    /// `dataType: "binary"`: a text is written as it is, even if it is base64.
    pub(super) binary: bool,
}

impl HttpTrigger {
    /// Whether a call is for it.
    pub(super) fn takes(&self, method: &Method, path: &str) -> bool {
        let listed = |methods: &Vec<Method>| methods.contains(method);
        self.methods.as_ref().is_none_or(listed) && path.trim_end_matches('/').eq_ignore_ascii_case(&self.path)
    }
}
