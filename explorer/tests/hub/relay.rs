//! What stands between a client and Azure: TLS with a certificate of our own, and WebSockets.

use std::{net::SocketAddr, path::Path, sync::Arc};

use fe2o3_amqp_ws::{
    tokio_tungstenite::{WebSocketStream, accept_hdr_async},
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::HeaderValue,
    },
};
use futures::{SinkExt, StreamExt};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, pem::PemObject},
    },
};

/// The relay. Everything ends with it.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    /// The certificate, where it speaks TLS.
    pub(crate) certificate: Option<String>,
    _tasks: JoinSet<()>,
}

impl Relay {
    /// A relay to `hub` that speaks TLS, WebSockets, or one within the other.
    pub(crate) async fn start(hub: SocketAddr, tls: bool, web_sockets: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (acceptor, certificate) = tls.then(acceptor).unzip();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                connections.spawn(async move {
                    let Ok(far) = TcpStream::connect(hub).await else { return };
                    match acceptor {
                        // An error is a client that does not trust us.
                        Some(acceptor) => {
                            if let Ok(near) = acceptor.accept(near).await {
                                pass(near, far, web_sockets).await;
                            }
                        }
                        None => pass(near, far, web_sockets).await,
                    }
                });
            }
        });
        Self { address, certificate, _tasks: tasks }
    }

    /// Writes the certificate where `SSL_CERT_FILE` can name it.
    pub(crate) fn write_certificate(&self, path: &Path) {
        std::fs::write(path, self.certificate.as_ref().unwrap()).unwrap();
    }
}

fn acceptor() -> (TlsAcceptor, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from_pem_slice(signing_key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    (TlsAcceptor::from(Arc::new(config)), cert.pem())
}

async fn pass(mut near: impl AsyncRead + AsyncWrite + Unpin, mut far: TcpStream, web_sockets: bool) {
    if web_sockets {
        unpack(near, far).await;
    } else {
        // An error is an end like any other.
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}

/// Takes AMQP out of WebSockets, which have to be asked for as Event Hubs has them.
async fn unpack(near: impl AsyncRead + AsyncWrite + Unpin, far: TcpStream) {
    #[allow(clippy::result_large_err, reason = "it is the library's")]
    let greet = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let protocol = request.headers().get("sec-websocket-protocol").map(HeaderValue::as_bytes);
        assert!(matches!(protocol, Some(b"amqp" | b"AMQPWSB10")), "{request:?}");
        assert_eq!(request.uri().path(), "/$servicebus/websocket");
        let protocol = request.headers()["sec-websocket-protocol"].clone();
        response.headers_mut().insert("sec-websocket-protocol", protocol);
        Ok(response)
    };
    let Ok(near) = accept_hdr_async(near, greet).await else { return };
    exchange(near, far).await;
}

async fn exchange(mut near: WebSocketStream<impl AsyncRead + AsyncWrite + Unpin>, far: TcpStream) {
    let (mut read, mut write) = far.into_split();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        tokio::select! {
            message = near.next() => match message {
                Some(Ok(Message::Binary(bytes))) => if write.write_all(&bytes).await.is_err() { return },
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return,
            },
            count = read.read(&mut buffer) => match count {
                Ok(count) if count > 0 => {
                    let bytes = Message::binary(buffer[..count].to_vec());
                    if near.send(bytes).await.is_err() { return }
                }
                _ => return,
            },
        }
    }
}
