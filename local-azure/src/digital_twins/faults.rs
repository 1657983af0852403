//! Misbehaviour on demand: what tests switch on to see how a client copes.

use std::{collections::VecDeque, iter::repeat_n, time::Duration};

use axum::http::StatusCode;
use parking_lot::Mutex;

/// The switches of a running service. Each can be thrown at any time and from any thread.
#[derive(Debug, Default)]
pub struct Faults {
    next: Mutex<VecDeque<Trouble>>,
}

/// What a request is answered with that is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// 429 where there are too many requests, 503 where the service is away.
    pub status: StatusCode,
    /// The `Retry-After` of the answer, in whole seconds.
    pub retry_after: Option<Duration>,
}

impl Faults {
    /// Answers the next `count` requests in this way, after those that earlier calls have bespoken.
    pub fn answer_next(&self, count: usize, trouble: Trouble) {
        self.next.lock().extend(repeat_n(trouble, count));
    }

    /// Ends all misbehaviour.
    pub fn heal(&self) {
        self.next.lock().clear();
    }

    /// How many requests have still to be answered so.
    pub fn left(&self) -> usize {
        self.next.lock().len()
    }

    pub(super) fn next(&self) -> Option<Trouble> {
        self.next.lock().pop_front()
    }
}
