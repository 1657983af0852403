//! From a host name to an open AMQP connection: TCP, TLS, SASL.

use std::{fmt::Debug, io, sync::Arc};

use fe2o3_amqp::{Connection, connection::ConnectionHandle, sasl_profile::SaslProfile};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

use crate::{config::Access, transport::Failure};

/// AMQP within TLS, and without, as the emulator serves it.
const TLS_PORT: u16 = 5671;
const EMULATOR_PORT: u16 = 5672;

/// What the service takes at most; larger frames would only be split by it.
const MAX_FRAME_SIZE: u32 = 64 * 1024;

/// Opens a connection to the namespace. Who we are is proven on it afterwards.
pub(super) async fn open(access: &Access) -> Result<ConnectionHandle<()>, Failure> {
    let (host, port) = (access.host(), access.port());
    let is_secure = !access.is_emulator();
    let port = port.unwrap_or(if is_secure { TLS_PORT } else { EMULATOR_PORT });
    let stream = TcpStream::connect((host, port)).await?;
    // Every frame matters to somebody who waits: none is held back for company.
    stream.set_nodelay(true)?;
    if is_secure { open_on(secured(stream, host).await?, host).await } else { open_on(stream, host).await }
}

/// TLS as the operating system trusts it, as the SDK has it.
async fn secured(
    stream: TcpStream,
    host: &str,
) -> io::Result<impl AsyncRead + AsyncWrite + Debug + Send + Unpin + use<>> {
    let config = ClientConfig::with_platform_verifier().map_err(io::Error::other)?;
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn open_on(
    stream: impl AsyncRead + AsyncWrite + Debug + Send + Unpin + 'static,
    host: &str,
) -> Result<ConnectionHandle<()>, Failure> {
    let id = format!("event-hub-producer-{:016x}", fastrand::u64(..));
    Ok(Connection::builder()
        .container_id(id)
        .hostname(host)
        .sasl_profile(SaslProfile::Anonymous)
        .max_frame_size(MAX_FRAME_SIZE)
        .open_with_stream(stream)
        .await?)
}
