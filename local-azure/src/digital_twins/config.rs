//! What a service of digital twins is started with.

use std::net::{Ipv4Addr, SocketAddr};

use super::{endpoint::Endpoint, routes::EventRoute};

/// Where the service listens, what it calls itself, and where its notifications go.
#[derive(Debug)]
pub struct Config {
    /// Where the API listens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The host name that notifications have as their source. It need not be where the API listens.
    pub host_name: String,
    /// Where routes can lead to.
    pub endpoints: Vec<Endpoint>,
    /// The routes at the start.
    pub routes: Vec<EventRoute>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            host_name: "local.api.weu.digitaltwins.azure.net".to_owned(),
            endpoints: Vec::new(),
            routes: Vec::new(),
        }
    }
}
