//! What an explorer is started with.

use std::net::SocketAddr;

use crate::{admission::Admission, limits::Limits, source::Source};

/// The settings of an explorer.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the page is served; port 0 lets the system choose. Elsewhere than on loopback only with `admission`.
    pub listen: SocketAddr,
    /// Who may see the page.
    pub admission: Admission,
    /// What is read.
    pub source: Source,
    /// How much is kept.
    pub limits: Limits,
}
