//! A bare AMQP client: sees every outcome, and can send what no decent client would.

use fe2o3_amqp::{
    Receiver, Sendable, Sender,
    connection::ConnectionHandle,
    link::{RecvError, delivery::Delivery, receiver::CreditMode},
    session::SessionHandle,
};
use fe2o3_amqp_types::{
    definitions::{ReceiverSettleMode, SenderSettleMode},
    messaging::{Batch, Body, Data, Message, Outcome, Properties, message::__private::Serializable},
    primitives::{SimpleValue, Value},
};
use local_azure::service_bus::ServiceBus;
use tokio::time::timeout;

use crate::{
    TIMEOUT, TOPIC,
    amqp::{ask, connect},
};

const BATCH_FORMAT: u32 = 0x8001_3700;

/// A message whose content may be anything.
pub(crate) type Content = Message<Body<Value>>;

/// A connection with one session.
pub(crate) struct Client {
    pub(crate) session: SessionHandle<()>,
    connection: ConnectionHandle<()>,
}

/// An answer of `$management`: its status, the condition of a failure, and its body.
pub(crate) type Answer = (i32, Option<String>, Value);

impl Client {
    /// Connects, and authorises nothing.
    pub(crate) async fn connect(bus: &ServiceBus) -> Self {
        let (connection, session) = connect(bus.address()).await;
        Self { session, connection }
    }

    /// Connects, and authorises the whole topic.
    pub(crate) async fn authorised(bus: &ServiceBus) -> Self {
        let mut client = Self::connect(bus).await;
        let audience = format!("amqps://localhost/{TOPIC}");
        let properties = [("operation", "put-token"), ("type", "jwt"), ("name", audience.as_str())];
        let (reply, _) = ask(&mut client.session, "$cbs", &properties, Value::String("any".to_owned())).await;
        assert_eq!(reply.get("status-code"), Some(&SimpleValue::Int(202)));
        client
    }

    /// Asks the management node of an entity.
    pub(crate) async fn manage(&mut self, entity: &str, operation: &str, body: &[(&str, Value)]) -> Answer {
        let body = body.iter().map(|(name, value)| (Value::String((*name).to_owned()), value.clone()));
        let node = format!("{entity}/$management");
        let body = Value::Map(body.collect());
        let (properties, body) = ask(&mut self.session, &node, &[("operation", operation)], body).await;
        let condition = match properties.get("errorCondition") {
            Some(SimpleValue::Symbol(condition)) => Some(condition.0.clone()),
            _ => None,
        };
        match properties.get("statusCode") {
            Some(SimpleValue::Int(status)) => (*status, condition, body),
            other => panic!("{other:?} is no status"),
        }
    }

    /// Attaches a link to send on.
    pub(crate) async fn sender(&mut self, address: &str) -> Sender {
        Sender::attach(&mut self.session, format!("send to {address}"), address).await.unwrap()
    }

    /// Attaches a link to receive on, under a lock or not, with no credit yet.
    pub(crate) async fn receiver(&mut self, name: &str, address: &str, mode: SenderSettleMode) -> Receiver {
        Receiver::builder()
            .name(name)
            .source(address)
            .sender_settle_mode(mode)
            .receiver_settle_mode(ReceiverSettleMode::First)
            .credit_mode(CreditMode::Manual)
            .attach(&mut self.session)
            .await
            .unwrap()
    }

    /// Says goodbye.
    pub(crate) async fn close(mut self) {
        self.session.end().await.unwrap();
        self.connection.close().await.unwrap();
    }
}

/// Sends messages to the topic, each with this text as its body and its message id.
pub(crate) async fn publish(bus: &ServiceBus, texts: &[&str]) {
    let mut client = Client::authorised(bus).await;
    let mut link = client.sender(TOPIC).await;
    for text in texts {
        assert!(matches!(send(&mut link, message(text).into()).await, Outcome::Accepted(_)));
    }
    link.close().await.unwrap();
    client.close().await;
}

/// Sends one transfer and waits for the outcome.
pub(crate) async fn send(link: &mut Sender, transfer: Sendable<Body<Value>>) -> Outcome {
    timeout(TIMEOUT, link.send(transfer)).await.unwrap().unwrap()
}

/// Receives one message.
pub(crate) async fn receive(link: &mut Receiver) -> Result<Delivery<Body<Value>>, RecvError> {
    timeout(TIMEOUT, link.recv()).await.unwrap()
}

/// A message with a text as its body and its message id.
pub(crate) fn message(text: &str) -> Content {
    Message::builder()
        .properties(Properties::builder().message_id(text.to_owned()).content_type("text/plain").build())
        .body(Body::Data(Batch::new(vec![Data::from(text.as_bytes())])))
        .build()
}

/// The bytes of a message, as a batch holds them.
pub(crate) fn encoded(message: Content) -> Vec<u8> {
    serde_amqp::to_vec(&Serializable(message)).unwrap()
}

/// A batch of whatever these sections are.
pub(crate) fn batch(sections: Vec<Vec<u8>>) -> Sendable<Body<Value>> {
    let sections: Vec<_> = sections.into_iter().map(Data::from).collect();
    let envelope = Message::builder().body(Body::Data(Batch::new(sections))).build();
    Sendable::builder().message(envelope).message_format(BATCH_FORMAT).build()
}
