//! The SDK's producer. Its futures are large, and boxed so that they are not a part of every other.

use std::{future::pending, time::Duration};

use azure_core_amqp::{
    AmqpMessage, AmqpSymbol,
    message::{AmqpAnnotations, AmqpMessageProperties},
};
use azure_messaging_eventhubs::{EventDataBatch, EventDataBatchOptions, ProducerClient, RetryOptions};
use time::OffsetDateTime;
use tokio::time::timeout;

use super::outcome;
use crate::{
    config::{Access, Config},
    credential::{Credential, EVENT_HUBS},
    error::SendError,
    messages::{Message, Messages},
    transport::{self, Connection, Failure, InFlight, Transport},
};

/// AMQP without TLS, as the emulator serves it.
const EMULATOR_PORT: u16 = 5672;

/// The time for the connection to be closed in order.
const CLOSING: Duration = Duration::from_secs(2);

/// Opens the SDK's producers.
#[derive(Debug)]
pub(crate) struct Sdk(pub(crate) Config);

pub(crate) struct SdkConnection {
    client: ProducerClient,
    /// When the identity's token expires.
    ///
    /// The SDK would renew a token on the connection six minutes before it expires. But `azure_identity` answers with
    /// the old one until five minutes before, and then the SDK takes it for one that can't be renewed, for good.
    expires_on: Option<OffsetDateTime>,
}

impl Transport for Sdk {
    type Connection = SdkConnection;

    async fn connect(&self) -> Result<SdkConnection, SendError> {
        let Config { name, access, .. } = &self.0;
        // The SDK's own retries would hide throttling for up to 52 s.
        let none = azure_core::time::Duration::ZERO;
        let no_retries = RetryOptions { max_retries: 0, max_total_elapsed: none, ..Default::default() };
        let builder = ProducerClient::builder().with_retry_options(no_retries);
        let (namespace, credential) = match access {
            Access::ConnectionString(access) => {
                let builder = match (access.use_development_emulator, access.port) {
                    (true, port) => {
                        let port = port.unwrap_or(EMULATOR_PORT);
                        builder.with_custom_endpoint(format!("amqp://{}:{port}", access.host))
                    }
                    (false, Some(port)) => builder.with_custom_endpoint(format!("amqps://{}:{port}", access.host)),
                    (false, None) => builder,
                };
                let client = builder.open_with_connection_string(&access.for_namespace(), Some(name)).await?;
                return Ok(SdkConnection { client, expires_on: None });
            }
            Access::ManagedIdentity { namespace, client_id } => {
                (namespace, Credential::managed_identity(client_id.as_deref(), EVENT_HUBS)?)
            }
            Access::DeveloperLogin { namespace } => (namespace, Credential::developer_login(EVENT_HUBS)?),
        };
        let client = builder.open(namespace, name, credential.clone()).await?;
        // The first question, for which the SDK takes the token.
        client.get_eventhub_properties().await?;
        Ok(SdkConnection { client, expires_on: credential.expires_on().await })
    }

    /// The SDK sends one at a time, and would let the rest wait where their time runs already.
    fn in_flight(&self) -> InFlight {
        InFlight { batches: 1, full_batches: 1, batch_bytes: usize::MAX }
    }
}

impl Connection for SdkConnection {
    type Batch<'a> = Batch<'a>;

    async fn partition_ids(&self) -> Result<Vec<String>, SendError> {
        Ok(self.client.get_eventhub_properties().await?.partition_ids)
    }

    async fn batch(&self, partition_id: &str) -> Result<Batch<'_>, Failure> {
        let options = EventDataBatchOptions { partition_id: Some(partition_id.to_owned()), ..Default::default() };
        Ok(Batch(Box::new(Box::pin(self.client.create_batch(Some(options))).await?)))
    }

    async fn send<'a>(&'a self, _: &str, batch: Batch<'a>) -> Result<(), Failure> {
        Box::pin(outcome::accepted(self.client.send_batch(*batch.0, None))).await
    }

    fn detach(&self, _: &str) -> bool {
        false
    }

    /// The SDK does not tell.
    async fn ended(&self) -> SendError {
        pending().await
    }

    fn expires_on(&self) -> Option<OffsetDateTime> {
        self.expires_on
    }

    async fn close(self) {
        let _ = timeout(CLOSING, self.client.close()).await;
    }
}

/// Events for one partition, as many as the SDK sends at once.
pub(crate) struct Batch<'a>(Box<EventDataBatch<'a>>);

impl transport::Batch for Batch<'_> {
    fn try_add(&mut self, messages: &Messages, message: &Message) -> Result<bool, SendError> {
        Ok(self.0.try_add_amqp_message(amqp_message(messages, message), None)?)
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

/// The event as it travels: the same as [`amqp`](crate::amqp) makes it.
fn amqp_message(messages: &Messages, message: &Message) -> AmqpMessage {
    let mut annotations = AmqpAnnotations::new();
    annotations.insert(AmqpSymbol::from("x-opt-partition-key"), messages.key());
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
