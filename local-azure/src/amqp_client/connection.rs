//! A connection to a namespace, on which one of its entities may be used.

use std::{io, time::Duration};

use fe2o3_amqp::{
    Receiver, Session,
    connection::{ConnectionHandle, OpenError},
    link::{ReceiverAttachError, receiver::CreditMode},
    sasl_profile::SaslProfile,
    session::{BeginError, SessionHandle},
};
use fe2o3_amqp_cbs::{client::CbsClient, token::CbsToken};
use fe2o3_amqp_management::{
    client::MgmtClient,
    error::{AttachError, Error as RequestError},
    operations::ReadRequest,
};
use fe2o3_amqp_types::{
    definitions::Fields,
    messaging::Source,
    primitives::{OrderedMap, Value},
};
use hmac::digest::InvalidLength;
use time::OffsetDateTime;
use tokio::{
    net::TcpStream,
    time::{error::Elapsed, timeout},
};
use uuid::Uuid;

use super::{connection_string::ConnectionString, shared_access};

/// How long a token is good for: longer than anything runs on a laptop, since none is renewed.
const VALIDITY: time::Duration = time::Duration::weeks(4);

/// How long a namespace may take for anything but new messages (`TryTimeout` of Microsoft's clients).
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long closing may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A namespace can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error("can't connect to {address}: {source}")]
    Connect { address: String, source: io::Error },
    #[error("the connection was not opened: {0}")]
    Open(#[from] OpenError),
    #[error("no session was begun: {0}")]
    Begin(#[from] BeginError),
    #[error("the SharedAccessKey is no key")]
    Key(#[from] InvalidLength),
    #[error("{node} was not attached to: {source}")]
    Attach { node: &'static str, source: AttachError },
    #[error("{node} refused: {source}")]
    Request { node: &'static str, source: RequestError },
    #[error("no link to receive on was attached: {0}")]
    Receive(#[from] ReceiverAttachError),
    #[error("the namespace did not answer in time")]
    Time(#[from] Elapsed),
}

/// An open connection. Dropping it cuts it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// For links to the entity.
    pub(crate) session: SessionHandle<()>,
    connection: ConnectionHandle<()>,
}

impl Connection {
    /// Connects, and shows a token for an entity and all that is below it.
    pub(crate) async fn open(namespace: &ConnectionString, entity: &str) -> Result<Self, ConnectionError> {
        timeout(TIMEOUT, open(namespace, entity)).await?
    }

    /// What `$management` says of an entity of this type.
    pub(crate) async fn read(&mut self, name: &str, kind: &str) -> Result<OrderedMap<String, Value>, ConnectionError> {
        let node = "$management";
        let reading = async {
            let mut management = MgmtClient::attach(&mut self.session, "local-azure")
                .await
                .map_err(|source| ConnectionError::Attach { node, source })?;
            let answer = management.call(ReadRequest::name(name, kind, None)).await;
            Ok(answer.map_err(|source| ConnectionError::Request { node, source })?.entity_attributes)
        };
        timeout(TIMEOUT, reading).await?
    }

    /// Attaches a link to receive on.
    pub(crate) async fn receive(
        &mut self,
        source: Source,
        properties: Fields,
        credit: CreditMode,
    ) -> Result<Receiver, ConnectionError> {
        let attaching = Receiver::builder()
            .name(format!("local-azure-{}", Uuid::new_v4()))
            .source(source)
            .properties(properties)
            .credit_mode(credit)
            .attach(&mut self.session);
        Ok(timeout(TIMEOUT, attaching).await??)
    }

    /// Returns when it is no longer open, with the reason. Those who wait for something to come over it don't learn that.
    pub(crate) async fn ended(&mut self) -> String {
        match self.session.on_end().await {
            Ok(()) => "it was ended".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// Ends it in good order.
    pub(crate) async fn close(mut self) {
        let closing = async {
            // Without an answer, dropping it must do.
            let _ = self.session.end().await;
            let _ = self.connection.close().await;
        };
        let _ = timeout(CLOSE_TIMEOUT, closing).await;
    }
}

async fn open(namespace: &ConnectionString, entity: &str) -> Result<Connection, ConnectionError> {
    let ConnectionString { host, port, key_name, key, .. } = namespace;
    let failed = |source| ConnectionError::Connect { address: format!("{host}:{port}"), source };
    let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(failed)?;
    // Without this, small frames wait for the acknowledgement of earlier ones.
    stream.set_nodelay(true).map_err(failed)?;
    let mut connection = fe2o3_amqp::Connection::builder()
        .container_id(format!("local-azure-{}", Uuid::new_v4()))
        .hostname(host.as_str())
        .sasl_profile(SaslProfile::Anonymous)
        .open_with_stream(stream)
        .await?;
    let mut session = Session::begin(&mut connection).await?;

    let resource = format!("sb://{host}/{entity}");
    let token = shared_access::signature(&resource, key_name, key, OffsetDateTime::now_utc() + VALIDITY)?;
    let node = "$cbs";
    let mut tokens =
        CbsClient::attach(&mut session).await.map_err(|source| ConnectionError::Attach { node, source })?;
    tokens
        .put_token(&*resource, CbsToken::new(&*token, "servicebus.windows.net:sastoken", None))
        .await
        .map_err(|source| ConnectionError::Request { node, source })?;
    Ok(Connection { session, connection })
}
