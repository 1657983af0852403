//! A bare AMQP client: sees every outcome, and can send what no decent client would.

use fe2o3_amqp::{
    Receiver, Sendable, Sender, Session,
    connection::ConnectionHandle,
    link::{ReceiverAttachError, SenderAttachError},
    session::SessionHandle,
};
use fe2o3_amqp_types::{
    definitions::Error,
    messaging::{
        Batch, Body, Data, Message, MessageAnnotations, Outcome, Properties, message::__private::Serializable,
    },
    primitives::{SimpleValue, Value},
};
use local_azure::event_hubs::EventHubs;
use tokio::time::timeout;

use crate::{
    HUB, TIMEOUT,
    amqp::{ask, connect},
};

const BATCH_FORMAT: u32 = 0x8001_3700;

/// A connection with one session.
pub(crate) struct Client {
    pub(crate) session: SessionHandle<()>,
    connection: ConnectionHandle<()>,
}

impl Client {
    /// Connects, and authorises nothing.
    pub(crate) async fn connect(hubs: &EventHubs) -> Self {
        let (connection, session) = connect(hubs.address()).await;
        Self { session, connection }
    }

    /// Connects, and authorises the whole hub.
    pub(crate) async fn authorised(hubs: &EventHubs) -> Self {
        let mut client = Self::connect(hubs).await;
        assert_eq!(client.put_token("jwt", &format!("amqps://localhost/{HUB}"), "any").await.0, 202);
        client
    }

    /// Puts a token and gives the status with its description.
    pub(crate) async fn put_token(&mut self, kind: &str, audience: &str, token: &str) -> (i32, String) {
        let properties = [("operation", "put-token"), ("type", kind), ("name", audience)];
        let (status, description, _) = self.ask("$cbs", &properties, Value::String(token.to_owned())).await;
        (status, description)
    }

    /// Asks a node that answers.
    pub(crate) async fn ask(&mut self, node: &str, properties: &[(&str, &str)], body: Value) -> (i32, String, Value) {
        let (fields, body) = ask(&mut self.session, node, properties, body).await;
        match (fields.get("status-code"), fields.get("status-description")) {
            (Some(SimpleValue::Int(status)), Some(SimpleValue::String(description))) => {
                (*status, description.clone(), body)
            }
            other => panic!("{other:?} is no status"),
        }
    }

    /// Attaches a link to send on.
    pub(crate) async fn sender(&mut self, address: &str) -> Sender {
        Sender::attach(&mut self.session, format!("send to {address}"), address).await.unwrap()
    }

    /// Attaches a link to send on, and gives the reason why it is refused.
    pub(crate) async fn refusal_to_send(&mut self, address: &str) -> Error {
        let mut session = self.session_for_refusal().await;
        let attached = Sender::attach(&mut session, "refused", address);
        match timeout(TIMEOUT, attached).await.unwrap() {
            Err(SenderAttachError::RemoteClosedWithError(reason)) => reason,
            other => panic!("{other:?} is no refusal"),
        }
    }

    /// Attaches a link to receive on, and gives the reason why it is refused.
    pub(crate) async fn refusal_to_receive(&mut self, address: &str) -> Error {
        let mut session = self.session_for_refusal().await;
        let attached = Receiver::attach(&mut session, "refused", address);
        match timeout(TIMEOUT, attached).await.unwrap() {
            Err(ReceiverAttachError::RemoteClosedWithError(reason)) => reason,
            other => panic!("{other:?} is no refusal"),
        }
    }

    /// The library detaches a refused link once more when it has done so already, and hits the next link of the session.
    async fn session_for_refusal(&mut self) -> SessionHandle<()> {
        Session::begin(&mut self.connection).await.unwrap()
    }

    /// Says goodbye.
    pub(crate) async fn close(mut self) {
        self.session.end().await.unwrap();
        self.connection.close().await.unwrap();
    }
}

/// The condition of an error, as it is on the wire.
pub(crate) fn condition(error: &Error) -> String {
    match serde_amqp::to_value(&error.condition).unwrap() {
        Value::Symbol(symbol) => symbol.into_inner(),
        other => panic!("{other:?} is no condition"),
    }
}

/// Sends one event and waits for the outcome.
pub(crate) async fn send(link: &mut Sender, event: Message<Body<Value>>) -> Outcome {
    timeout(TIMEOUT, link.send(Sendable::builder().message(event).build())).await.unwrap().unwrap()
}

/// An event with a body, and a partition key if it has one.
pub(crate) fn event(body: &str, key: Option<&str>) -> Message<Body<Value>> {
    Message::builder()
        .message_annotations(key.map(|key| MessageAnnotations::builder().insert("x-opt-partition-key", key).build()))
        .body(Body::Data(Batch::new(vec![Data::from(body.as_bytes())])))
        .build()
}

/// An event whose message id is its body.
pub(crate) fn identified(id: &str) -> Message<Body<Value>> {
    Message { properties: Some(Properties::builder().message_id(id.to_owned()).build()), ..event(id, None) }
}

/// The bytes of an event, as a batch holds them.
pub(crate) fn encoded(event: Message<Body<Value>>) -> Vec<u8> {
    serde_amqp::to_vec(&Serializable(event)).unwrap()
}

/// A batch of whatever these sections are.
pub(crate) fn batch(sections: Vec<Vec<u8>>) -> Sendable<Body<Value>> {
    let sections: Vec<_> = sections.into_iter().map(Data::from).collect();
    let envelope = Message::builder().body(Body::Data(Batch::new(sections))).build();
    Sendable::builder().message(envelope).message_format(BATCH_FORMAT).build()
}
