//! A subscription at work: it holds its events until each is delivered, dead-lettered or dropped.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use time::UtcDateTime;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Error, Handshake, Limits, Schema, Subscription, SubscriptionSnapshot,
    counts::Counts,
    dead_letter::{DeadLetterBox, Letter, Reason},
    delivery::EndpointClient,
    event::Event,
    outcome::Failure,
    queue::{Pending, Queue},
    retry,
};

/// Between two handshakes at first; it doubles up to the longest.
const FIRST_HANDSHAKE_WAIT: Duration = Duration::from_millis(500);
const LONGEST_HANDSHAKE_WAIT: Duration = Duration::from_secs(5);

/// Between two attempts to write dead letters at first; it doubles up to the longest.
const FIRST_WRITE_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WRITE_WAIT: Duration = Duration::from_secs(60);

/// So long Event Grid tries to write a dead letter before it drops it.
const WRITE_LIMIT: Duration = Duration::from_secs(4 * 3600);

/// What a subscription has from its topic.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) schema: Schema,
    pub(super) topic: String,
    pub(super) time_scale: f64,
    pub(super) limits: Limits,
}

#[derive(Debug)]
pub(super) struct Subscriber {
    subscription: Subscription,
    common: Common,
    endpoint: EndpointClient,
    dead_letters: Option<DeadLetterBox>,
    queue: Queue,
    /// Room for events.
    places: Arc<Semaphore>,
    /// Room for deliveries.
    slots: Arc<Semaphore>,
    counts: Counts,
    handshake: Mutex<Handshake>,
    last_problem: Mutex<Option<String>>,
    changes: Arc<watch::Sender<()>>,
}

impl Subscriber {
    pub(super) fn new(
        subscription: Subscription,
        common: Common,
        changes: Arc<watch::Sender<()>>,
    ) -> Result<Self, Error> {
        let dead_letters = subscription
            .dead_letters
            .as_ref()
            .map(|destination| DeadLetterBox::new(destination, common.schema, &subscription.name))
            .transpose()?;
        Ok(Self {
            endpoint: EndpointClient::new(&subscription, common.schema, common.limits)?,
            dead_letters,
            queue: Queue::default(),
            places: Arc::new(Semaphore::new(common.limits.waiting)),
            slots: Arc::new(Semaphore::new(common.limits.parallel_deliveries)),
            counts: Counts::default(),
            handshake: Mutex::new(Handshake::Pending { attempts: 0, problem: None }),
            last_problem: Mutex::new(None),
            changes,
            subscription,
            common,
        })
    }

    /// Queues the event if it is of a type that this subscription wants, as soon as there is room.
    pub(super) async fn offer(&self, event: &Arc<Event>) {
        let wanted = |types: &Vec<String>| types.iter().any(|wanted| wanted.eq_ignore_ascii_case(&event.kind));
        if !self.subscription.included_event_types.as_ref().is_none_or(wanted) {
            return;
        }
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
        let since = Instant::now();
        self.queue.push(Pending { event: Arc::clone(event), since, attempts: 0, last_attempt: None, _place: place });
    }

    /// Shakes hands, then delivers for ever, in tasks that `end` ends.
    pub(super) async fn run(self: Arc<Self>, tasks: TaskTracker, end: CancellationToken) {
        self.shake_hands().await;
        let Subscription { max_events_per_batch, preferred_batch_size_kb, .. } = self.subscription;
        while let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await {
            // The batch is taken when it can be delivered, so that it holds what has come until then.
            let batch = self.queue.next_batch(max_events_per_batch, preferred_batch_size_kb * 1024).await;
            tasks.spawn(end.clone().run_until_cancelled_owned(Arc::clone(&self).deliver(batch, slot)));
        }
    }

    async fn shake_hands(&self) {
        let mut pause = FIRST_HANDSHAKE_WAIT;
        let mut attempts = 0;
        while let Err(problem) = self.endpoint.shake_hands(&self.common.topic).await {
            attempts += 1;
            *self.handshake.lock() = Handshake::Pending { attempts, problem: Some(problem) };
            self.changes.send_replace(());
            sleep(self.scaled(pause)).await;
            pause = (pause * 2).min(LONGEST_HANDSHAKE_WAIT);
        }
        *self.handshake.lock() = Handshake::Done;
        self.changes.send_replace(());
    }

    async fn deliver(self: Arc<Self>, batch: Vec<Pending>, slot: OwnedSemaphorePermit) {
        let time_to_live = self.scaled(self.subscription.time_to_live);
        // The age is only looked at when an event is about to be tried again.
        let is_expired = |pending: &Pending| pending.attempts > 0 && pending.since.elapsed() > time_to_live;
        let (expired, batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(is_expired);
        let mut given_up: Vec<_> =
            expired.into_iter().map(|pending| Letter { pending, reason: Reason::TimeToLiveExceeded }).collect();
        if !batch.is_empty() {
            let result = self.endpoint.deliver(&batch).await;
            self.counts.deliveries.add(1);
            match result {
                Ok(()) => self.counts.delivered.add(batch.len()),
                Err(failure) => {
                    self.counts.failed_attempts.add(1);
                    *self.last_problem.lock() = Some(self.endpoint.complaint(failure));
                    given_up.extend(self.retry(batch, failure));
                }
            }
        }
        drop(slot);
        if !given_up.is_empty() {
            self.changes.send_replace(());
            self.give_up(given_up).await;
        }
        self.changes.send_replace(());
    }

    /// Queues the events of a failed delivery again, all for the same time so that they can share a delivery again, or
    /// gives them back if they must not be tried again.
    fn retry(&self, mut batch: Vec<Pending>, failure: Failure) -> Vec<Letter> {
        let now = UtcDateTime::now();
        for pending in &mut batch {
            pending.attempts += 1;
            pending.last_attempt = Some((failure, now));
        }
        let attempts = batch.first().map_or(0, |pending| pending.attempts);
        let reason = match failure.retry_after {
            None => Reason::UndeliverableDueToClientError,
            Some(_) if attempts >= self.subscription.max_delivery_attempts => Reason::MaxDeliveryAttemptsExceeded,
            Some(minimum) => {
                let due = Instant::now() + self.scaled(retry::wait(attempts, minimum));
                self.queue.push_later(due, batch);
                return Vec::new();
            }
        };
        batch.into_iter().map(|pending| Letter { pending, reason }).collect()
    }

    async fn give_up(&self, letters: Vec<Letter>) {
        if self.write(&letters).await {
            self.counts.dead_lettered.add(letters.len());
        } else {
            self.counts.dropped.add(letters.len());
        }
    }

    /// Whether there are dead letters and they could be written, sooner or later.
    async fn write(&self, letters: &[Letter]) -> bool {
        let Some(dead_letters) = &self.dead_letters else { return false };
        let begin = Instant::now();
        let mut pause = FIRST_WRITE_WAIT;
        while let Err(error) = dead_letters.write(letters).await {
            *self.last_problem.lock() = Some(format!("Dead letters can't be written: {error}"));
            self.changes.send_replace(());
            if begin.elapsed() > self.scaled(WRITE_LIMIT) {
                return false;
            }
            sleep(self.scaled(pause)).await;
            pause = (pause * 2).min(LONGEST_WRITE_WAIT);
        }
        true
    }

    fn scaled(&self, time: Duration) -> Duration {
        time.mul_f64(self.common.time_scale)
    }

    /// How many events it has not got rid of.
    pub(super) fn held(&self) -> usize {
        self.common.limits.waiting.saturating_sub(self.places.available_permits())
    }

    pub(super) fn snapshot(&self) -> SubscriptionSnapshot {
        let held = self.held();
        let lengths = self.queue.lengths();
        SubscriptionSnapshot {
            name: self.subscription.name.clone(),
            handshake: self.handshake.lock().clone(),
            delivered: self.counts.delivered.get(),
            deliveries: self.counts.deliveries.get(),
            failed_attempts: self.counts.failed_attempts.get(),
            queued: lengths.ready,
            in_delivery: held.saturating_sub(lengths.ready + lengths.later),
            waiting_for_retry: lengths.later,
            dead_lettered: self.counts.dead_lettered.get(),
            dropped: self.counts.dropped.get(),
            last_problem: self.last_problem.lock().clone(),
        }
    }
}
