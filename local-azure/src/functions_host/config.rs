//! What the host is told when it is started.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::blob::Storage;
use super::function_key::FunctionKey;
use super::log::Log;

/// What to run and where.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder with `host.json` and a sub-folder with `function.json` for each function.
    pub root: PathBuf,
    /// Where the handler comes from.
    pub handler: Handler,
    /// App settings, which are environment variables of the handler on top of those of this process. The connections and
    /// each `%NAME%` in a `function.json` are looked up in them, and `AzureWebJobs.<function>.Disabled` disables one.
    pub environment: Vec<(String, String)>,
    /// Where the webhook and the HTTP triggers listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The key of the functions with an HTTP trigger.
    pub function_key: FunctionKey,
    /// Where blob outputs go, and the checkpoints of Event Hubs triggers.
    pub storage: Storage,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Where the log goes.
    pub log: Log,
}

impl Config {
    /// The app in `root` as `host.json` declares it, on a free port of the loopback interface, logging to the console.
    pub fn new(root: impl Into<PathBuf>, storage: Storage) -> Self {
        Self {
            root: root.into(),
            handler: Handler::Declared,
            environment: Vec::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            function_key: FunctionKey::random(),
            storage,
            timeouts: Timeouts::default(),
            log: Log::default(),
        }
    }
}

/// Where the handler comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Handler {
    /// The host starts `customHandler.description.defaultExecutablePath` of `host.json`, relative to the root.
    #[default]
    Declared,
    /// The host starts this executable instead, with the arguments that `host.json` declares.
    Executable(PathBuf),
    /// Somebody else has started it, and it listens there.
    Listening(SocketAddr),
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the handler answers its first request. `None`: what `host.json` says, else 30 seconds.
    pub initialization: Option<Duration>,
    /// An invocation. `None`: what `host.json` says, else 30 minutes.
    pub function: Option<Duration>,
    /// When stopping: first for the deliveries that are running, then for the handler after SIGTERM.
    pub stop: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { initialization: None, function: None, stop: Duration::from_secs(5) }
    }
}
