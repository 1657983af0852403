//! Messages of one's own choosing into an event hub or a topic: what tests send where the twins would say too little.

use fe2o3_amqp::{Sendable, Sender};
use fe2o3_amqp_types::{
    messaging::{
        ApplicationProperties, Batch, Body, Data, Message as AmqpMessage, MessageAnnotations, Outcome, Properties,
    },
    primitives::{SimpleValue, Value},
};

use crate::amqp_client::{Connection, ConnectionString};

/// A link to a hub or topic. Dropping it closes it.
#[derive(Debug)]
pub struct Publisher {
    sender: Sender,
    connection: Connection,
}

/// A message in binary mode of `CloudEvents`.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Its application properties, which are all strings.
    pub properties: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// By which the partition is chosen.
    pub partition_key: Option<String>,
}

/// Why something could not be published. The text is for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PublishError(String);

impl Publisher {
    /// Opens a link to what the connection string leads to.
    pub async fn open(connection_string: &str) -> Result<Self, PublishError> {
        let namespace = ConnectionString::parse(connection_string)
            .map_err(|problem| PublishError(format!("the connection string {problem}")))?;
        let entity = namespace.entity_path.clone().ok_or_else(|| PublishError("no EntityPath".to_owned()))?;
        let mut connection = Connection::open(&namespace, &entity).await.map_err(error)?;
        let sender = Sender::attach(&mut connection.session, "publisher", &*entity).await.map_err(error)?;
        Ok(Self { sender, connection })
    }

    /// Sends a message and waits until it is accepted.
    pub async fn publish(&mut self, message: &Message) -> Result<(), PublishError> {
        let sending = self.sender.send(Sendable::builder().message(message.to_amqp()).build());
        let outcome = tokio::select! {
            outcome = sending => outcome.map_err(error)?,
            reason = self.connection.ended() => return Err(PublishError(reason)),
        };
        match outcome {
            Outcome::Accepted(_) => Ok(()),
            other => Err(PublishError(format!("the message was not accepted: {other:?}"))),
        }
    }
}

impl Message {
    fn to_amqp(&self) -> AmqpMessage<Body<Value>> {
        let mut properties = ApplicationProperties::default();
        for (name, value) in &self.properties {
            properties.insert(name.clone(), SimpleValue::String(value.clone()));
        }
        let key = self.partition_key.as_deref();
        let annotations = key.map(|key| MessageAnnotations::builder().insert("x-opt-partition-key", key).build());
        AmqpMessage::builder()
            .message_annotations(annotations)
            .properties(Properties::builder().content_type("application/json").build())
            .application_properties(properties)
            .body(Body::Data(Batch::new(vec![Data::from(self.body.as_slice())])))
            .build()
    }
}

fn error(error: impl std::fmt::Display) -> PublishError {
    PublishError(error.to_string())
}
