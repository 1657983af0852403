//! What every bare AMQP client needs: a connection, and questions to the nodes that answer.

use std::net::SocketAddr;

use fe2o3_amqp::{
    Connection, Receiver, Sender, Session, connection::ConnectionHandle, sasl_profile::SaslProfile,
    session::SessionHandle,
};
use fe2o3_amqp_types::{
    messaging::{ApplicationProperties, Message, Properties},
    primitives::{SimpleValue, Value},
};
use tokio::time::timeout;

use crate::TIMEOUT;

/// Connects, with one session, and authorises nothing.
pub(crate) async fn connect(address: SocketAddr) -> (ConnectionHandle<()>, SessionHandle<()>) {
    let mut connection = Connection::builder()
        .container_id("test")
        .sasl_profile(SaslProfile::Anonymous)
        .open(format!("amqp://{address}").as_str())
        .await
        .unwrap();
    let session = Session::begin(&mut connection).await.unwrap();
    (connection, session)
}

/// Asks a node such as `$cbs`, and gives the application properties and the body of its answer.
pub(crate) async fn ask(
    session: &mut SessionHandle<()>,
    node: &str,
    properties: &[(&str, &str)],
    body: Value,
) -> (ApplicationProperties, Value) {
    let mut requests = Sender::attach(session, format!("ask {node}"), node).await.unwrap();
    let replies = Receiver::builder().name(format!("answer {node}")).source(node).target("me");
    let mut replies = replies.attach(session).await.unwrap();
    let mut fields = ApplicationProperties::default();
    for (name, value) in properties {
        fields.insert((*name).to_owned(), SimpleValue::String((*value).to_owned()));
    }
    let request = Message::builder()
        .properties(Properties::builder().message_id("question".to_owned()).reply_to("me").build())
        .application_properties(fields)
        .value(body)
        .build();
    requests.send(request).await.unwrap();
    let reply = timeout(TIMEOUT, replies.recv::<Value>()).await.unwrap().unwrap();
    replies.accept(&reply).await.unwrap();
    requests.close().await.unwrap();
    replies.close().await.unwrap();
    let Message { properties, application_properties, body, .. } = reply.into_message();
    assert_eq!(properties.unwrap().correlation_id, Some("question".to_owned().into()));
    (application_properties.unwrap(), body)
}
