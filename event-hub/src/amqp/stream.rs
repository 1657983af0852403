//! From a host name to an open AMQP connection: TCP, TLS, perhaps WebSockets, SASL.

use std::{fmt::Debug, io, sync::Arc};

use fe2o3_amqp::{
    Connection,
    connection::{ConnectionHandle, OpenError},
    sasl_profile::SaslProfile,
};
use fe2o3_amqp_ws::WebSocketStream;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

use crate::config::{Access, TransportType};

/// What the service takes at most; larger frames would only be split by it.
const MAX_FRAME_SIZE: u32 = 64 * 1024;

/// Where the service speaks AMQP within WebSockets. Source: `azure_messaging_eventhubs` and Microsoft's other clients.
const WEB_SOCKET_PATH: &str = "$servicebus/websocket";

/// Why there is no connection to a namespace.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name of the host leads nowhere.
    #[error("the name of the host can't be resolved: {0}")]
    UnknownHost(io::Error),
    /// There is nobody at the port, or no way to it.
    #[error(transparent)]
    Unreachable(io::Error),
    /// The certificate is not trusted, or something else than TLS is spoken there.
    #[error(transparent)]
    Tls(io::Error),
    /// No WebSocket, or one that speaks something else than AMQP.
    #[error("no WebSocket: {0}")]
    WebSocket(Box<fe2o3_amqp_ws::Error>),
    /// Something else than AMQP is spoken there, or the namespace refuses.
    #[error(transparent)]
    Open(OpenError),
}

/// Opens a connection to the namespace. Who we are is proven on it afterwards, with a [`Token`](crate::Token).
pub async fn connect(access: &Access, transport: TransportType) -> Result<ConnectionHandle<()>, ConnectError> {
    let (host, port) = (access.host(), access.port_of(transport));
    let stream = tcp(host, port).await?;
    let scheme = if access.is_emulator() { "ws" } else { "wss" };
    let address = format!("{scheme}://{host}:{port}/{WEB_SOCKET_PATH}");
    match (transport, access.is_emulator()) {
        (TransportType::Amqp, true) => open_on(stream, host).await,
        (TransportType::Amqp, false) => open_on(secured(stream, host).await?, host).await,
        (TransportType::WebSockets, true) => open_on(web_socket(&address, stream).await?, host).await,
        (TransportType::WebSockets, false) => {
            open_on(web_socket(&address, secured(stream, host).await?).await?, host).await
        }
    }
}

async fn tcp(host: &str, port: u16) -> Result<TcpStream, ConnectError> {
    let addresses: Vec<_> = lookup_host((host, port)).await.map_err(ConnectError::UnknownHost)?.collect();
    let stream = TcpStream::connect(&*addresses).await.map_err(ConnectError::Unreachable)?;
    // Every frame matters to somebody who waits: none is held back for company.
    stream.set_nodelay(true).map_err(ConnectError::Unreachable)?;
    Ok(stream)
}

/// TLS as the operating system trusts it, as the SDK has it.
async fn secured(
    stream: TcpStream,
    host: &str,
) -> Result<impl AsyncRead + AsyncWrite + Debug + Send + Unpin + use<>, ConnectError> {
    let open = async {
        let config = ClientConfig::with_platform_verifier().map_err(io::Error::other)?;
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    open.await.map_err(ConnectError::Tls)
}

async fn web_socket<S: AsyncRead + AsyncWrite + Debug + Send + Unpin + 'static>(
    address: &str,
    stream: S,
) -> Result<impl AsyncRead + AsyncWrite + Debug + Send + Unpin + use<S>, ConnectError> {
    WebSocketStream::connect_with_stream(address, stream)
        .await
        .map_err(|error| ConnectError::WebSocket(Box::new(error)))
}

async fn open_on(
    stream: impl AsyncRead + AsyncWrite + Debug + Send + Unpin + 'static,
    host: &str,
) -> Result<ConnectionHandle<()>, ConnectError> {
    let id = format!("event-hub-{:016x}", fastrand::u64(..));
    Connection::builder()
        .container_id(id)
        .hostname(host)
        .sasl_profile(SaslProfile::Anonymous)
        .max_frame_size(MAX_FRAME_SIZE)
        .open_with_stream(stream)
        .await
        .map_err(ConnectError::Open)
}
