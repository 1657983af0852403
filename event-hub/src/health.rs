//! How the hub is: for whoever asks, and in the log when trouble begins and ends. Only what was seen is told.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use tokio::{sync::watch, time::Instant};
use tracing::{info, warn};

use crate::error::SendError;

/// A hub that throttles takes one batch and refuses the next: trouble that comes and goes is told once in this time.
const TOLD_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What is known of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Not reached yet.
    Connecting,
    /// The last thing that was asked of it went well.
    Ready,
    /// The last thing that was asked of it failed.
    Failing(SendError),
}

#[derive(Debug)]
pub(crate) struct Health {
    hub: String,
    status: watch::Sender<Status>,
    told: RefCell<Told>,
}

/// What the log knows.
#[derive(Debug, Default)]
struct Told {
    /// When each kind of trouble was told last.
    kinds: HashMap<&'static str, Instant>,
    /// Whether the last word was that the hub is ready.
    ready: bool,
}

impl Health {
    pub(crate) fn new(hub: String, status: watch::Sender<Status>) -> Self {
        Self { hub, status, told: RefCell::default() }
    }

    /// Something that was asked of the hub went well.
    pub(crate) fn good(&self) {
        self.status.send_if_modified(|status| std::mem::replace(status, Status::Ready) != Status::Ready);
        let mut told = self.told.borrow_mut();
        if !told.ready {
            told.ready = true;
            info!(hub = self.hub, "The event hub is ready.");
        }
    }

    /// Something that was asked of the hub failed.
    pub(crate) fn failing(&self, error: &SendError) {
        self.status.send_replace(Status::Failing(error.clone()));
        let mut told = self.told.borrow_mut();
        let now = Instant::now();
        let lately = told.kinds.get(error.kind()).is_some_and(|&then| now - then < TOLD_AGAIN_AFTER);
        if !lately {
            told.kinds.insert(error.kind(), now);
            told.ready = false;
            warn!(hub = self.hub, kind = error.kind(), "{error}");
        }
    }
}
