//! Groups that are sent together: settled together, given up together.
//!
//! When one group of a delivery fails, the whole delivery is expected to come again. What of it is still queued must then
//! not go out: it would overtake the group that failed, and the history of its key would begin in the middle.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

use crate::{error::SendError, memory::Reserved};

/// What became of the groups of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Of each group, in the order in which they were given.
    pub groups: Vec<Outcome>,
    /// Why some are [`Outcome::Unsettled`]; `None` if none is.
    pub error: Option<SendError>,
}

/// What became of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The hub has accepted all of it.
    Stored,
    /// The hub never takes a record as large as one of its. Nothing of it is stored, or only what came before that one.
    TooLarge,
    /// It was not accepted in time, or not as a whole; some of it may be stored already.
    Unsettled,
}

impl Report {
    /// Of so many groups, none of which was sent.
    pub(crate) fn unsent(groups: usize, error: SendError) -> Self {
        Self { groups: vec![Outcome::Unsettled; groups], error: Some(error) }
    }
}

/// A delivery, shared by its jobs and by who waits for them.
#[derive(Debug)]
pub(crate) struct Delivery {
    state: Mutex<State>,
    /// Whether it has failed, or nobody waits for it any more.
    over: AtomicBool,
    ended: Notify,
    /// Given back with the last of its jobs.
    _memory: Reserved,
}

#[derive(Debug)]
struct State {
    groups: Vec<Outcome>,
    unsettled: usize,
    /// Why it has failed.
    failed: Option<SendError>,
    /// Why the last attempt failed, if there was one.
    last: Option<SendError>,
}

impl Delivery {
    pub(crate) fn new(groups: usize, memory: Reserved) -> Self {
        let state = State { groups: vec![Outcome::Unsettled; groups], unsettled: groups, failed: None, last: None };
        Self { state: Mutex::new(state), over: AtomicBool::new(false), ended: Notify::new(), _memory: memory }
    }

    /// Takes note of a failure after which a group is tried again.
    pub(crate) fn note(&self, error: &SendError) {
        self.state().last = Some(error.clone());
    }

    /// A group is done: accepted by the hub, refused for its size, or failed, and then the whole delivery with it.
    pub(crate) fn settle(&self, group: usize, result: Result<(), SendError>) {
        let mut state = self.state();
        state.unsettled -= 1;
        match result {
            Ok(()) => state.groups[group] = Outcome::Stored,
            Err(SendError::TooLarge) => state.groups[group] = Outcome::TooLarge,
            Err(error) => {
                self.over.store(true, Ordering::Relaxed);
                state.failed.get_or_insert(error);
                self.ended.notify_one();
            }
        }
        if state.unsettled == 0 {
            self.ended.notify_one();
        }
    }

    /// Whether what is queued of it must not go out any more.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who waits for a delivery. When it is dropped, what is still queued of the delivery is taken back.
#[derive(Debug)]
pub(crate) struct Waiting(pub(crate) Arc<Delivery>);

impl Waiting {
    /// Waits until all groups are done or one has failed.
    pub(crate) async fn settled(&self) -> Report {
        self.0.ended.notified().await;
        let state = self.0.state();
        Report { groups: state.groups.clone(), error: state.failed.clone() }
    }

    /// What is known when the time is up.
    pub(crate) fn out_of_time(&self) -> Report {
        let state = self.0.state();
        Report { groups: state.groups.clone(), error: Some(state.last.clone().unwrap_or(SendError::NoAnswer)) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}
