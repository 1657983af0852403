//! The producer of Microsoft's SDK, `azure_messaging_eventhubs`, for those who want no other between them and Azure
//! (setting `EVENT_HUB_PRODUCER=sdk`).
//!
//! It can't be trusted bare: `docs/decisions.md`, 2, has the measurements. The deadlines are the client's, one batch at
//! a time per partition is the lane's, the single-threaded runtime is the hub's, and here are the outcomes that it hides.
//! Its futures are large, and boxed so that they are not a part of every other.

use azure_core::time::Duration;
use azure_core_amqp::{
    AmqpMessage, AmqpSymbol,
    message::{AmqpAnnotations, AmqpMessageProperties},
};
use azure_messaging_eventhubs::{EventDataBatch, EventDataBatchOptions, ProducerClient, RetryOptions};
use time::OffsetDateTime;

use super::{Messages, SendError, credential::Credential, message::Message};
use crate::settings::{Access, EventHubSettings};

mod outcome;

pub(super) use outcome::is_watched;
pub use outcome::not_accepted_layer;

/// AMQP without TLS, as the emulator serves it.
const EMULATOR_PORT: u16 = 5672;

/// The SDK's producer.
pub(super) struct Producer(ProducerClient);

/// What opening gives.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) producer: Producer,
    pub(super) partition_ids: Vec<String>,
    /// When the identity's token expires.
    ///
    /// The SDK would renew a token on the connection six minutes before it expires. But `azure_identity` answers with
    /// the old one until five minutes before, and then the SDK takes it for one that can't be renewed, for good.
    pub(super) expires_on: Option<OffsetDateTime>,
}

impl Producer {
    pub(super) async fn open(settings: &EventHubSettings) -> Result<Opened, SendError> {
        // The SDK's own retries would hide throttling for up to 52 s; those of the lanes stay inside the budget.
        let no_retries = RetryOptions { max_retries: 0, max_total_elapsed: Duration::ZERO, ..Default::default() };
        let builder = ProducerClient::builder().with_retry_options(no_retries);
        let mut credential = None;
        let producer = match &settings.access {
            Access::ConnectionString(access) => {
                let builder = match (access.use_development_emulator, access.port) {
                    (true, port) => {
                        let port = port.unwrap_or(EMULATOR_PORT);
                        builder.with_custom_endpoint(format!("amqp://{}:{port}", access.host))
                    }
                    (false, Some(port)) => builder.with_custom_endpoint(format!("amqps://{}:{port}", access.host)),
                    (false, None) => builder,
                };
                builder.open_with_connection_string(&access.for_namespace(), Some(&settings.name)).await?
            }
            Access::ManagedIdentity { namespace, client_id } => {
                let identity = credential.insert(Credential::managed_identity(client_id.as_deref())?);
                builder.open(namespace, &settings.name, identity.clone()).await?
            }
            Access::DeveloperLogin { namespace } => {
                let login = credential.insert(Credential::developer_login()?);
                builder.open(namespace, &settings.name, login.clone()).await?
            }
        };
        let partition_ids = producer.get_eventhub_properties().await?.partition_ids;
        let expires_on = match credential {
            Some(credential) => credential.expires_on().await,
            None => None,
        };
        Ok(Opened { producer: Self(producer), partition_ids, expires_on })
    }

    pub(super) async fn batch(&self, partition_id: &str) -> Result<Batch<'_>, SendError> {
        let options = EventDataBatchOptions { partition_id: Some(partition_id.to_owned()), ..Default::default() };
        Ok(Batch(Box::pin(self.0.create_batch(Some(options))).await?))
    }

    pub(super) async fn send(&self, batch: Batch<'_>) -> Result<(), SendError> {
        Box::pin(outcome::accepted(self.0.send_batch(batch.0, None))).await
    }

    pub(super) async fn close(self) {
        let _ = self.0.close().await;
    }
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Producer").finish_non_exhaustive()
    }
}

/// Events for one partition, as many as the SDK sends at once.
pub(super) struct Batch<'a>(EventDataBatch<'a>);

impl Batch<'_> {
    pub(super) fn try_add(&self, messages: &Messages, message: &Message) -> Result<bool, SendError> {
        Ok(self.0.try_add_amqp_message(amqp_message(messages, message), None)?)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The event as it travels: the same as with the bridge's own producer.
fn amqp_message(messages: &Messages, message: &Message) -> AmqpMessage {
    let mut annotations = AmqpAnnotations::new();
    annotations.insert(AmqpSymbol::from("x-opt-partition-key"), &*messages.partition_key);
    let mut body = Vec::with_capacity(messages.size(message) + 1);
    messages.write_body(message, &mut body);
    let mut id = Vec::new();
    messages.write_id(message, &mut id);
    let builder = AmqpMessage::builder()
        .with_properties(AmqpMessageProperties {
            message_id: Some(String::from_utf8_lossy(&id).into_owned().into()),
            content_type: Some(AmqpSymbol::from("application/json")),
            ..Default::default()
        })
        .with_message_annotations(annotations)
        .with_body(body);
    let properties = messages.properties(message);
    properties
        .fold(builder, |builder, (name, value)| builder.add_application_property(name.to_owned(), value.to_owned()))
        .build()
}
