//! What is seen of one delivery while it is worked on.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use super::{
    contexts::Contexts,
    instruments::{Instruments, Outcome},
};
use crate::counts::Counts;

/// The delivery ended without an answer: whoever asked has gone, or the process stops.
const UNANSWERED: &str = "unanswered";

/// A delivery that is being worked on. It ends when this is dropped, whatever becomes of it. The default observes
/// nothing.
#[derive(Debug, Default)]
pub struct Observation(Option<Open>);

#[derive(Debug)]
struct Open {
    instruments: Arc<Instruments>,
    /// For the span, which has dates.
    started: SystemTime,
    /// For the duration, since dates jump.
    clock: Instant,
    contexts: Contexts,
    outcome: Outcome,
}

impl Observation {
    pub(super) fn begin(instruments: &Arc<Instruments>) -> Self {
        instruments.begin();
        Self(Some(Open {
            instruments: Arc::clone(instruments),
            started: SystemTime::now(),
            clock: Instant::now(),
            contexts: Contexts::default(),
            outcome: Err(UNANSWERED),
        }))
    }

    /// The delivery holds a notification that happened under this W3C trace context.
    pub fn holds(&mut self, traceparent: Option<&str>) {
        if let (Some(open), Some(traceparent)) = (&mut self.0, traceparent)
            && open.instruments.traces()
        {
            open.contexts.add(traceparent);
        }
    }

    /// The delivery is done.
    pub fn delivered(&mut self, counts: Counts) {
        self.end(Ok(counts));
    }

    /// The delivery failed.
    pub fn failed(&mut self, kind: &'static str) {
        self.end(Err(kind));
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(open) = &mut self.0 {
            open.outcome = outcome;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.instruments.end(self.started, self.clock.elapsed(), &self.contexts, self.outcome);
    }
}
