//! Misbehaviour on demand: what tests switch on to see how a client copes.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::connections::Connections;

/// How a transfer that has arrived is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Stored and accepted: what a healthy service does.
    Accept,
    /// Not stored, and answered `released`.
    Release,
    /// Not stored, and answered `modified`.
    Modify,
    /// Not stored, and answered `rejected`.
    Reject {
        /// The AMQP condition, such as `com.microsoft:server-busy`.
        condition: String,
        /// What goes with it.
        description: String,
    },
    /// Not stored and never answered.
    Silent,
    /// Stored at once, but accepted only after [`Faults::release_held`].
    Hold,
}

impl Answer {
    /// A rejection.
    #[must_use]
    pub fn reject(condition: &str, description: &str) -> Self {
        Self::Reject { condition: condition.to_owned(), description: description.to_owned() }
    }

    /// What an overloaded namespace says.
    #[must_use]
    pub fn server_busy() -> Self {
        Self::reject(
            "com.microsoft:server-busy",
            "The request was terminated because the entity is being throttled. Please wait 4 seconds and try again.",
        )
    }
}

/// When the connection that brings a transfer is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The transfer is lost.
    BeforeStoring,
    /// The transfer is stored and its answer is lost.
    AfterStoring,
}

/// How tokens are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenAnswer {
    /// By what they are: what a healthy service does.
    Verify,
    /// Refused, whatever they are.
    Refuse {
        /// The status, such as 401 or 503.
        status: i32,
        /// What goes with it.
        description: String,
    },
}

/// The switches of a running endpoint. Each can be thrown at any time and from any thread.
#[derive(Debug)]
pub struct Faults {
    answers: Mutex<Answers>,
    acknowledgement_delay: Mutex<Duration>,
    cut: Mutex<Option<Cut>>,
    tokens: Mutex<TokenAnswer>,
    max_message_size: AtomicU64,
    releases: watch::Sender<()>,
    connections: Arc<Connections>,
}

#[derive(Debug)]
struct Answers {
    next: VecDeque<Answer>,
    standing: Answer,
}

impl Faults {
    pub(super) fn new(acknowledgement_delay: Duration, max_message_size: u64, connections: Arc<Connections>) -> Self {
        Self {
            answers: Mutex::new(Answers { next: VecDeque::new(), standing: Answer::Accept }),
            acknowledgement_delay: Mutex::new(acknowledgement_delay),
            cut: Mutex::new(None),
            tokens: Mutex::new(TokenAnswer::Verify),
            max_message_size: AtomicU64::new(max_message_size),
            releases: watch::Sender::new(()),
            connections,
        }
    }

    /// Answers every transfer in this way from now on, and forgets what [`Faults::answer_next`] has still to do.
    pub fn answer(&self, answer: Answer) {
        *self.answers.lock() = Answers { next: VecDeque::new(), standing: answer };
    }

    /// Answers the next `count` transfers in this way, after those that earlier calls have bespoken.
    pub fn answer_next(&self, count: usize, answer: Answer) {
        self.answers.lock().next.extend(std::iter::repeat_n(answer, count));
    }

    /// Accepts every transfer held so far by [`Answer::Hold`].
    pub fn release_held(&self) {
        self.releases.send_replace(());
    }

    /// How long a transfer waits for its answer from now on.
    pub fn set_acknowledgement_delay(&self, delay: Duration) {
        *self.acknowledgement_delay.lock() = delay;
    }

    /// Cuts the connection on which the next transfer arrives.
    pub fn cut_next_transfer(&self, cut: Cut) {
        *self.cut.lock() = Some(cut);
    }

    /// Cuts every connection now, with no farewell on any layer above TCP. New ones are welcome.
    pub fn cut_connections(&self) {
        self.connections.cut_all();
    }

    /// How tokens are answered from now on. What a connection was granted before stays granted.
    pub fn answer_tokens(&self, answer: TokenAnswer) {
        *self.tokens.lock() = answer;
    }

    /// The largest transfer that links take which attach from now on.
    pub fn set_max_message_size(&self, bytes: u64) {
        self.max_message_size.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn next_answer(&self) -> Answer {
        let mut answers = self.answers.lock();
        answers.next.pop_front().unwrap_or_else(|| answers.standing.clone())
    }

    pub(super) fn acknowledgement_delay(&self) -> Duration {
        *self.acknowledgement_delay.lock()
    }

    pub(super) fn take_cut(&self) -> Option<Cut> {
        self.cut.lock().take()
    }

    pub(super) fn token_answer(&self) -> TokenAnswer {
        self.tokens.lock().clone()
    }

    pub(super) fn max_message_size(&self) -> u64 {
        self.max_message_size.load(Ordering::Relaxed)
    }

    /// A receiver that changes whenever held transfers are to be accepted.
    pub(super) fn releases(&self) -> watch::Receiver<()> {
        self.releases.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    #[test]
    fn bespoken_answers_come_first_and_in_order() {
        let connections = Arc::new(Connections::new(Arc::new(watch::Sender::new(()))));
        let faults = Faults::new(Duration::ZERO, 1, connections);
        faults.answer_next(2, Answer::Release);
        faults.answer_next(1, Answer::Modify);
        let answers: Vec<_> = (0..4).map(|_| faults.next_answer()).collect();
        assert_eq!(answers, [Answer::Release, Answer::Release, Answer::Modify, Answer::Accept]);

        faults.answer_next(1, Answer::Modify);
        faults.answer(Answer::Silent);
        assert_eq!(faults.next_answer(), Answer::Silent);
    }
}
