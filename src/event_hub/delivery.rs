//! Jobs that stand or fall together.
//!
//! When one job of a delivery fails, the whole delivery comes again. What of it is still queued must then not go out: it
//! would overtake the job that failed, and a twin's history would begin in the middle.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use super::SendError;

/// The jobs of one delivery. When it is dropped, those that are still queued are taken back.
#[derive(Debug, Default)]
pub struct Delivery(Member);

/// A job's share in its delivery.
#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    over: CancellationToken,
    error: Arc<OnceLock<SendError>>,
}

impl Delivery {
    pub(super) fn member(&self) -> Member {
        self.0.clone()
    }

    /// Waits until one of the jobs fails.
    pub async fn failed(&self) -> SendError {
        self.0.over.cancelled().await;
        self.0.error.get().cloned().unwrap_or(SendError::Stopped)
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.0.over.cancel();
    }
}

impl Member {
    /// Makes the whole delivery fail.
    pub(super) fn fail(&self, error: &SendError) {
        let _ = self.error.set(error.clone());
        self.over.cancel();
    }

    /// Whether the delivery has failed, or nobody waits for it any more.
    pub(super) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }
}
