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
use tokio::sync::{broadcast, watch};

use super::{
    event::Event,
    misbehaviour::{Answer, Cut, Matching},
};
use crate::amqp::{
    connections::Connections,
    misbehaviour::{Reception, TokenAnswer},
};

/// The switches of a running endpoint. Each can be thrown at any time and from any thread.
#[derive(Debug)]
pub struct Faults {
    healthy: Healthy,
    answers: Mutex<Answers>,
    reception: Mutex<Reception>,
    acknowledgement_delay: Mutex<Duration>,
    cut: Mutex<Option<Cut>>,
    tokens: Mutex<TokenAnswer>,
    max_message_size: AtomicU64,
    releases: watch::Sender<()>,
    detaches: broadcast::Sender<Detach>,
    connections: Arc<Connections>,
}

/// A link that is closed by the service, whatever it is doing.
#[derive(Debug, Clone)]
pub(super) struct Detach {
    pub(super) partition: usize,
    pub(super) condition: String,
    pub(super) description: String,
}

/// What has no other healthy value than that of the configuration.
#[derive(Debug)]
struct Healthy {
    acknowledgement_delay: Duration,
    max_message_size: u64,
}

#[derive(Debug, Default)]
struct Answers {
    matching: Vec<(Matching, Answer)>,
    next: VecDeque<Answer>,
    standing: Answer,
}

impl Faults {
    pub(super) fn new(acknowledgement_delay: Duration, max_message_size: u64, connections: Arc<Connections>) -> Self {
        Self {
            healthy: Healthy { acknowledgement_delay, max_message_size },
            answers: Mutex::default(),
            reception: Mutex::default(),
            acknowledgement_delay: Mutex::new(acknowledgement_delay),
            cut: Mutex::new(None),
            tokens: Mutex::new(TokenAnswer::Verify),
            max_message_size: AtomicU64::new(max_message_size),
            releases: watch::Sender::new(()),
            detaches: broadcast::Sender::new(16),
            connections,
        }
    }

    /// Ends all misbehaviour: from now on the service is well. What was lost stays lost, and links keep the size that
    /// they were told.
    pub fn heal(&self) {
        *self.answers.lock() = Answers::default();
        *self.reception.lock() = Reception::default();
        *self.tokens.lock() = TokenAnswer::default();
        *self.cut.lock() = None;
        self.set_acknowledgement_delay(self.healthy.acknowledgement_delay);
        self.set_max_message_size(self.healthy.max_message_size);
        self.release_held();
    }

    /// Receives connections in this way from now on. Those that are open stay as they are.
    pub fn receive_connections(&self, reception: Reception) {
        *self.reception.lock() = reception;
    }

    /// Answers every transfer in this way from now on, and forgets what [`Faults::answer_next`] has still to do.
    pub fn answer(&self, answer: Answer) {
        let mut answers = self.answers.lock();
        answers.next.clear();
        answers.standing = answer;
    }

    /// Answers every transfer that holds such an event in this way from now on, whatever other answers are bespoken.
    /// AMQP knows only one answer for all events of a transfer.
    pub fn answer_matching(&self, matching: Matching, answer: Answer) {
        self.answers.lock().matching.push((matching, answer));
    }

    /// Undoes all that [`Faults::answer_matching`] has done.
    pub fn forget_matching(&self) {
        self.answers.lock().matching.clear();
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

    /// Closes every link that publishes to a partition, with this AMQP condition, as the service does with one that has
    /// been idle for ten minutes (`amqp:link:detach-forced`).
    pub fn detach_links(&self, partition: usize, condition: &str, description: &str) {
        let (condition, description) = (condition.to_owned(), description.to_owned());
        // An error means that there is no link.
        let _ = self.detaches.send(Detach { partition, condition, description });
    }

    /// Cuts every connection now, with no farewell on any layer above TCP. New ones are welcome.
    pub fn cut_connections(&self) {
        self.connections.cut_all();
    }

    /// How tokens are answered from now on. What a connection was granted before stays granted.
    pub fn answer_tokens(&self, answer: TokenAnswer) {
        *self.tokens.lock() = answer;
    }

    /// Lets every token expire that was accepted so far. The links that it granted are closed when they are used next.
    pub fn expire_tokens(&self) {
        self.connections.expire_tokens();
    }

    /// The largest transfer that links take which attach from now on.
    pub fn set_max_message_size(&self, bytes: u64) {
        self.max_message_size.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn reception(&self) -> Reception {
        *self.reception.lock()
    }

    /// How a transfer that brings these events is answered.
    pub(super) fn next_answer(&self, events: &[Event]) -> Answer {
        let mut answers = self.answers.lock();
        let found = answers.matching.iter().find(|(matching, _)| events.iter().any(|event| event.is(matching)));
        if let Some((_, answer)) = found {
            return answer.clone();
        }
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

    /// What comes when links are to be closed.
    pub(super) fn detaches(&self) -> broadcast::Receiver<Detach> {
        self.detaches.subscribe()
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
        let answers: Vec<_> = (0..4).map(|_| faults.next_answer(&[])).collect();
        assert_eq!(answers, [Answer::Release, Answer::Release, Answer::Modify, Answer::Accept]);

        faults.answer_next(1, Answer::Modify);
        faults.answer(Answer::Silent);
        assert_eq!(faults.next_answer(&[]), Answer::Silent);
    }
}
