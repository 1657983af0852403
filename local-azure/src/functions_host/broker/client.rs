//! A connection to a namespace, authorised for one entity.

use std::io;
use std::time::Duration;

use fe2o3_amqp::connection::{ConnectionHandle, OpenError};
use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::session::{BeginError, SessionHandle};
use fe2o3_amqp::{Connection, Receiver, Sender, Session};
use fe2o3_amqp_types::definitions::Fields;
use fe2o3_amqp_types::messaging::{ApplicationProperties, Body, Message, Properties, Source};
use fe2o3_amqp_types::primitives::{SimpleValue, Value};
use time::OffsetDateTime;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection_string::{ConnectionString, UnusableConnectionString};

/// How long a namespace may take for anything but new messages (`TryTimeout` of the clients).
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it is waited for that a connection ends in good order.
const FAREWELL: Duration = Duration::from_secs(2);

/// A message as it was delivered.
pub(in super::super) type Delivery = fe2o3_amqp::link::delivery::Delivery<Body<Value>>;

/// A client of a namespace. Dropping it cuts the connection.
pub(in super::super) struct Client {
    session: SessionHandle<()>,
    connection: ConnectionHandle<()>,
}

/// A namespace could not be used.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum BrokerError {
    #[error("no connection to {namespace:?}: {source}")]
    Unreachable { namespace: ConnectionString, source: io::Error },
    #[error("the connection can't be opened: {0}")]
    Open(#[from] OpenError),
    #[error("the session can't begin: {0}")]
    Session(#[from] BeginError),
    #[error(transparent)]
    Signature(#[from] UnusableConnectionString),
    #[error("{node} answered {status}: {description}")]
    Refused { node: String, status: i32, description: String },
    #[error("{node}: {problem}")]
    Link { node: String, problem: String },
    #[error("the namespace gave no answer within a minute")]
    Silent,
}

impl Client {
    /// Connects, and shows a token for the entity.
    pub(in super::super) async fn connect(namespace: &ConnectionString, entity: &str) -> Result<Self, BrokerError> {
        timeout(PATIENCE, Self::connect_and_authorise(namespace, entity)).await.map_err(|_| BrokerError::Silent)?
    }

    async fn connect_and_authorise(namespace: &ConnectionString, entity: &str) -> Result<Self, BrokerError> {
        let unreachable = |source| BrokerError::Unreachable { namespace: namespace.clone(), source };
        let stream = TcpStream::connect((namespace.host.as_str(), namespace.port)).await.map_err(unreachable)?;
        // Without this, small frames wait for the acknowledgement of earlier ones.
        stream.set_nodelay(true).map_err(unreachable)?;
        let mut connection = Connection::builder()
            .container_id("functions-host")
            .hostname(Some(namespace.host.as_str()))
            .sasl_profile(SaslProfile::Anonymous)
            .open_with_stream(stream)
            .await?;
        let session = Session::begin(&mut connection).await?;
        let mut client = Self { session, connection };
        let audience = format!("amqp://{}/{entity}", namespace.host);
        let token = Value::String(namespace.sign(&audience, OffsetDateTime::now_utc())?);
        let kind = "servicebus.windows.net:sastoken";
        let fields = [("operation", "put-token"), ("type", kind), ("name", &audience)];
        client.request("$cbs", &fields, token).await?;
        Ok(client)
    }

    /// Asks a node that answers, and gives the body of its answer.
    pub(in super::super) async fn ask(&mut self, node: &str, fields: &[(&str, &str)]) -> Result<Value, BrokerError> {
        let answer = timeout(PATIENCE, self.request(node, fields, Value::Null)).await;
        answer.map_err(|_| BrokerError::Silent)?
    }

    async fn request(&mut self, node: &str, fields: &[(&str, &str)], body: Value) -> Result<Value, BrokerError> {
        let failed = |problem: String| BrokerError::Link { node: node.to_owned(), problem };
        let mut requests = Sender::attach(&mut self.session, format!("to {node}"), node)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let mut replies = Receiver::builder()
            .name(format!("from {node}"))
            .source(node)
            .target("functions-host")
            .attach(&mut self.session)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let mut properties = ApplicationProperties::default();
        for (name, value) in fields {
            properties.insert((*name).to_owned(), SimpleValue::String((*value).to_owned()));
        }
        let request = Message::builder()
            .properties(Properties::builder().message_id("1".to_owned()).reply_to("functions-host").build())
            .application_properties(properties)
            .value(body)
            .build();
        requests.send(request).await.map_err(|error| failed(error.to_string()))?;
        let reply = replies.recv::<Value>().await.map_err(|error| failed(error.to_string()))?;
        replies.accept(&reply).await.map_err(|error| failed(error.to_string()))?;
        let Message { application_properties, body, .. } = reply.into_message();
        // What comes of it is of no interest: the answer is here.
        let _ = requests.close().await;
        let _ = replies.close().await;
        let fields = application_properties.unwrap_or_default();
        match fields.get("status-code").or_else(|| fields.get("statusCode")) {
            Some(SimpleValue::Int(200..300)) => Ok(body),
            Some(SimpleValue::Int(status)) => {
                let description = fields.get("status-description").or_else(|| fields.get("errorMessage"));
                let description = match description {
                    Some(SimpleValue::String(text)) => text.clone(),
                    _ => String::new(),
                };
                Err(BrokerError::Refused { node: node.to_owned(), status: *status, description })
            }
            _ => Err(failed("its answer has no status".to_owned())),
        }
    }

    /// Attaches a link to receive on.
    pub(in super::super) async fn receive(
        &mut self,
        source: Source,
        properties: Fields,
        credit: CreditMode,
    ) -> Result<Receiver, BrokerError> {
        let node = source.address.clone().unwrap_or_default();
        let attached = Receiver::builder()
            .name(format!("from {node} {}", uuid::Uuid::new_v4()))
            .source(source)
            .properties(properties)
            .credit_mode(credit)
            .attach(&mut self.session);
        let attached = timeout(PATIENCE, attached).await.map_err(|_| BrokerError::Silent)?;
        attached.map_err(|error| BrokerError::Link { node, problem: error.to_string() })
    }

    /// Says goodbye.
    pub(in super::super) async fn close(mut self) {
        let farewell = async {
            let _ = self.session.end().await;
            let _ = self.connection.close().await;
        };
        let _ = timeout(FAREWELL, farewell).await;
    }
}
