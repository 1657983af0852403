//! A connection to a namespace, on which one of its entities may be used.

use std::{io, time::Duration};

use fe2o3_amqp::{
    Session,
    connection::{ConnectionHandle, OpenError},
    sasl_profile::SaslProfile,
    session::{BeginError, SessionHandle},
};
use fe2o3_amqp_cbs::{client::CbsClient, token::CbsToken};
use fe2o3_amqp_management::error::{AttachError, Error as RequestError};
use hmac::digest::InvalidLength;
use time::OffsetDateTime;
use tokio::{
    net::TcpStream,
    time::{error::Elapsed, timeout},
};

use super::{connection_string::ConnectionString, shared_access};

/// How long a token is good for, as in Microsoft's clients. It is not renewed: a service closes the links that it granted
/// when it expires, and whoever uses the connection must cope with its end anyway.
const VALIDITY: time::Duration = time::Duration::hours(1);

/// How long opening a connection may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("can't connect to {address}: {source}")]
    Connect { address: String, source: io::Error },
    #[error("the connection was not opened: {0}")]
    Open(#[from] OpenError),
    #[error("no session was begun: {0}")]
    Begin(#[from] BeginError),
    #[error("the SharedAccessKey is no key")]
    Key(#[from] InvalidLength),
    #[error("$cbs was not attached to: {0}")]
    Attach(#[from] AttachError),
    #[error("the token was not accepted: {0}")]
    Token(#[from] RequestError),
    #[error("the connection was not opened in time")]
    Time(#[from] Elapsed),
}

/// An open connection. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// For links to the entity.
    pub(crate) session: SessionHandle<()>,
    _connection: ConnectionHandle<()>,
}

impl Connection {
    /// Connects, and shows a token for an entity and all that is below it.
    pub(crate) async fn open(namespace: &ConnectionString, entity: &str) -> Result<Self, ConnectError> {
        timeout(TIMEOUT, open(namespace, entity)).await?
    }

    /// Returns when it is no longer open, with the reason. Those who wait for something to come over it don't learn that.
    pub(crate) async fn ended(&mut self) -> String {
        match self.session.on_end().await {
            Ok(()) => "it was ended".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

async fn open(namespace: &ConnectionString, entity: &str) -> Result<Connection, ConnectError> {
    let ConnectionString { host, port, key_name, key, .. } = namespace;
    let failed = |source| ConnectError::Connect { address: format!("{host}:{port}"), source };
    let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let mut connection = fe2o3_amqp::Connection::builder()
        .container_id(format!("local-azure-{:016x}", fastrand::u64(..)))
        .hostname(host.as_str())
        .sasl_profile(SaslProfile::Anonymous)
        .open_with_stream(stream)
        .await?;
    let mut session = Session::begin(&mut connection).await?;

    let resource = format!("sb://{host}/{entity}");
    let token = shared_access::signature(&resource, key_name, key, OffsetDateTime::now_utc() + VALIDITY)?;
    let mut tokens = CbsClient::attach(&mut session).await?;
    tokens.put_token(&*resource, CbsToken::new(&*token, "servicebus.windows.net:sastoken", None)).await?;
    Ok(Connection { session, _connection: connection })
}
