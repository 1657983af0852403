//! What a user of the library chooses.

use crate::{connection_string::ConnectionString, messages::Body};

/// A hub, the way in, and how to send to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The hub's name within its namespace.
    pub name: String,
    /// The namespace, and what proves that we may send.
    pub access: Access,
    /// What one event carries.
    pub body: Body,
    /// What speaks AMQP with it.
    pub client: Client,
}

/// What speaks AMQP with the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Client {
    /// This library itself, with several batches in flight at once.
    #[default]
    Amqp,
    /// Microsoft's SDK, `azure_messaging_eventhubs`, with one batch in flight for each partition.
    Sdk,
}

/// How AMQP travels to the namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransportType {
    /// Within TLS, on port 5671.
    #[default]
    Amqp,
    /// Within WebSockets, on port 443, which is open where hardly anything else is.
    WebSockets,
}

/// The namespace and how its sender proves to it that it may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// A connection string with a shared access key or signature.
    ConnectionString(ConnectionString),
    /// The managed identity of the resource in Azure that this runs on.
    ManagedIdentity {
        /// The namespace's host name.
        namespace: String,
        /// The user-assigned identity; `None` is the system-assigned one.
        client_id: Option<String>,
    },
    /// The developer's own login (`az login` or `azd auth login`), where there is no managed identity.
    DeveloperLogin {
        /// The namespace's host name.
        namespace: String,
    },
}

impl Access {
    /// The namespace's host name.
    pub fn host(&self) -> &str {
        match self {
            Self::ConnectionString(string) => &string.host,
            // A real namespace has no port in its name; a local stand-in for one may.
            Self::ManagedIdentity { namespace, .. } | Self::DeveloperLogin { namespace } => {
                namespace.rsplit_once(':').map_or(namespace, |(host, _)| host)
            }
        }
    }

    /// The port, where it is another than the protocol's own.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::ConnectionString(string) => string.port,
            Self::ManagedIdentity { namespace, .. } | Self::DeveloperLogin { namespace } => {
                namespace.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
            }
        }
    }

    /// The port to connect to. The emulator has others, as it speaks without TLS.
    pub fn port_of(&self, transport: TransportType) -> u16 {
        self.port().unwrap_or(match (transport, self.is_emulator()) {
            (TransportType::Amqp, false) => 5671,
            (TransportType::Amqp, true) => 5672,
            (TransportType::WebSockets, false) => 443,
            (TransportType::WebSockets, true) => 80,
        })
    }

    /// Whether this is the development emulator, which speaks without TLS.
    pub fn is_emulator(&self) -> bool {
        matches!(self, Self::ConnectionString(string) if string.use_development_emulator)
    }
}
