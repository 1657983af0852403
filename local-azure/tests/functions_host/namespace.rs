//! A namespace of Event Hubs or Service Bus that has just the messages it is told to have, as a service with a long past
//! would have them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use fe2o3_amqp::acceptor::{
    ConnectionAcceptor, LinkAcceptor, LinkEndpoint, ListenerSessionHandle, SaslAnonymousMechanism, SessionAcceptor,
};
use fe2o3_amqp::{Receiver, Sendable, Sender};
use fe2o3_amqp_types::definitions::Role;
use fe2o3_amqp_types::messaging::{ApplicationProperties, Body, Message, Outcome, Properties, TargetArchetype};
use fe2o3_amqp_types::performatives::Attach;
use fe2o3_amqp_types::primitives::{Array, OrderedMap, SimpleValue, Value};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::SOON;

pub(crate) type AmqpMessage = Message<Body<Value>>;

/// A namespace with one partition, queue or subscription, whatever its name.
pub(crate) struct Namespace {
    address: SocketAddr,
    outcomes: mpsc::UnboundedReceiver<Outcome>,
}

struct Contents {
    messages: Mutex<Vec<AmqpMessage>>,
    outcomes: mpsc::UnboundedSender<Outcome>,
}

type Replies = Arc<Mutex<HashMap<String, mpsc::UnboundedSender<Message<Body<Value>>>>>>;

impl Namespace {
    /// Gives these messages to whoever comes first.
    pub(crate) async fn with(messages: Vec<AmqpMessage>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, outcomes) = mpsc::unbounded_channel();
        let contents = Arc::new(Contents { messages: Mutex::new(messages), outcomes: sender });
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Or small frames wait for the acknowledgement of earlier ones.
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(stream, Arc::clone(&contents)));
            }
        });
        Self { address, outcomes }
    }

    /// What became of the next message, in the order in which they were given.
    pub(crate) async fn outcome(&mut self) -> Outcome {
        tokio::time::timeout(SOON, self.outcomes.recv()).await.expect("a message has its end").unwrap()
    }

    pub(crate) fn connection_string(&self) -> String {
        let key = "SharedAccessKeyName=listen;SharedAccessKey=any";
        format!("Endpoint=sb://{};{key};UseDevelopmentEmulator=true", self.address)
    }
}

async fn serve(stream: tokio::net::TcpStream, contents: Arc<Contents>) {
    let acceptor = ConnectionAcceptor::builder().container_id("test").sasl_acceptor(SaslAnonymousMechanism {}).build();
    let Ok(mut connection) = acceptor.accept(stream).await else { return };
    while let Some(incoming) = connection.next_incoming_session().await {
        let session = SessionAcceptor::new().accept_incoming_session(incoming, &mut connection).await.unwrap();
        tokio::spawn(serve_session(session, Arc::clone(&contents)));
    }
}

async fn serve_session(mut session: ListenerSessionHandle, contents: Arc<Contents>) {
    let replies: Replies = Arc::default();
    while let Some(attach) = session.next_incoming_attach().await {
        let node = node(&attach);
        match LinkAcceptor::new().accept_incoming_attach(attach, &mut session).await.unwrap() {
            LinkEndpoint::Receiver(requests) => {
                tokio::spawn(answer(requests, node, Arc::clone(&replies)));
            }
            LinkEndpoint::Sender(link) if node.starts_with('$') => {
                let (sender, receiver) = mpsc::unbounded_channel();
                replies.lock().unwrap().insert(node, sender);
                tokio::spawn(reply(link, receiver));
            }
            LinkEndpoint::Sender(link) => {
                tokio::spawn(deliver(link, Arc::clone(&contents)));
            }
        }
    }
}

fn node(attach: &Attach) -> String {
    let address = match (&attach.role, attach.target.as_deref()) {
        (Role::Sender, Some(TargetArchetype::Target(target))) => target.address.clone(),
        _ => attach.source.as_ref().and_then(|source| source.address.clone()),
    };
    address.unwrap_or_default()
}

async fn answer(mut requests: Receiver, node: String, replies: Replies) {
    while let Ok(request) = requests.recv::<Body<Value>>().await {
        requests.accept(&request).await.unwrap();
        let mut fields = ApplicationProperties::default();
        let status = if node == "$cbs" { 202 } else { 200 };
        fields.insert("status-code".to_owned(), SimpleValue::Int(status));
        let mut hub = OrderedMap::new();
        let partitions = Array::from(vec![Value::String("0".to_owned())]);
        hub.insert(Value::String("partition_ids".to_owned()), Value::Array(partitions));
        let id = request.message().properties.as_ref().and_then(|properties| properties.message_id.clone());
        let reply = Message::builder()
            .properties(Properties { correlation_id: id, ..Properties::default() })
            .application_properties(fields)
            .body(Body::Value(fe2o3_amqp_types::messaging::AmqpValue(Value::Map(hub))))
            .build();
        replies.lock().unwrap()[&node].send(reply).unwrap();
    }
}

async fn reply(mut link: Sender, mut replies: mpsc::UnboundedReceiver<AmqpMessage>) {
    while let Some(reply) = replies.recv().await {
        link.send(Sendable::builder().message(reply).build()).await.unwrap();
    }
}

/// All at once, so that they make one batch.
async fn deliver(mut link: Sender, contents: Arc<Contents>) {
    let messages = std::mem::take(&mut *contents.messages.lock().unwrap());
    let mut deliveries = Vec::new();
    for message in messages {
        deliveries.push(link.send_batchable(Sendable::builder().message(message).build()).await.unwrap());
    }
    for delivery in deliveries {
        let Ok(outcome) = delivery.await else { return };
        let _ = contents.outcomes.send(outcome);
    }
    let _ = link.on_detach().await;
}
