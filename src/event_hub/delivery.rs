//! What one delivery has on its way to the hub: settled together, given up together.
//!
//! When one job of a delivery fails, the whole delivery comes again. What of it is still queued must then not go out: it
//! would overtake the job that failed, and a twin's history would begin in the middle.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{Notify, OwnedSemaphorePermit};

use super::SendError;

/// One delivery, shared by its jobs and by who waits for them.
#[derive(Debug)]
pub(super) struct Delivery {
    state: Mutex<State>,
    /// Whether it has failed, or nobody waits for it any more.
    over: AtomicBool,
    ended: Notify,
    /// Given back with the last of its jobs.
    _room: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct State {
    unsettled: usize,
    /// The jobs that the hub will never take.
    too_large: Vec<usize>,
    /// Why it has failed.
    failed: Option<SendError>,
    /// Why the last attempt failed, if there was one.
    last: Option<SendError>,
}

impl Delivery {
    pub(super) fn new(jobs: usize, room: OwnedSemaphorePermit) -> Self {
        let state = State { unsettled: jobs, too_large: Vec::new(), failed: None, last: None };
        Self { state: Mutex::new(state), over: AtomicBool::new(false), ended: Notify::new(), _room: room }
    }

    /// Takes note of a failure after which a job is tried again.
    pub(super) fn note(&self, error: &SendError) {
        self.state().last = Some(error.clone());
    }

    /// A job is done: accepted by the hub, refused for its size, or failed, and then the whole delivery with it.
    pub(super) fn settle(&self, job: usize, result: Result<(), SendError>) {
        let mut state = self.state();
        state.unsettled -= 1;
        match result {
            Ok(()) => {}
            Err(SendError::TooLarge) => state.too_large.push(job),
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
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who waits for a delivery. When it is dropped, what is still queued of the delivery is taken back.
#[derive(Debug)]
pub(super) struct Waiting(pub(super) Arc<Delivery>);

impl Waiting {
    /// Waits until all jobs are done or one has failed. Answers which are too large for the hub, in their order.
    pub(super) async fn settled(&self) -> Result<Vec<usize>, SendError> {
        self.0.ended.notified().await;
        let mut state = self.0.state();
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        state.too_large.sort_unstable();
        Ok(std::mem::take(&mut state.too_large))
    }

    /// Why the last attempt failed, if there was one.
    pub(super) fn last_error(&self) -> Option<SendError> {
        self.0.state().last.clone()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}
