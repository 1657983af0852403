//! The steps of the flow in their order, the same for every way in: a [`Delivery`] ends as [`Delivered`] or as a
//! [`DeliveryError`].

mod config;
mod error;

pub use config::{Config, Tables};
pub use error::DeliveryError;

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use event_hub_producer::{Entry, Group, Memory, Outcome, Producer, Reserved, SendError, Status};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{info, warn};
use twin_records::{Event, Notification, Occurrence, Received, Records, record, time_stamp};

use crate::{
    counts::Counts,
    dead_letter::{DeadLetter, Reason},
    dead_letters::Store,
    delivery::{Delivery, Position, Timeout},
    stored_events::{EventHash, StoredEvents},
    telemetry::Observation,
};

/// What is left to write dead letters in when the time for the hub is up: where some are known before it, and beyond the
/// delivery's own time.
const WRITING: Duration = Duration::from_secs(3);
const GRACE: Duration = Duration::from_secs(1);

/// The pause before a delivery of Service Bus is tried once more.
const PAUSE: Duration = Duration::from_secs(5);

/// The bytes of events whose records are made and sent together, far more than Event Grid delivers at once. Records are up
/// to some twenty times as large.
const TOGETHER: usize = 4 * 1024 * 1024;

/// How many types of foreign events are remembered, so that each is logged once.
const REMEMBERED_TYPES: usize = 64;

/// Takes deliveries to the event hub.
#[derive(Debug)]
pub struct Bridge {
    producer: Arc<dyn Producer>,
    dead_letters: Option<Store>,
    config: Config,
    ignored_types: Mutex<HashSet<String>>,
    stored: StoredEvents,
}

/// What became of events: every one is stored in the hub, gave no record, is ignored, or is set aside.
#[derive(Debug, Default)]
pub struct Forwarded<'a> {
    /// In numbers.
    pub counts: Counts,
    /// What was set aside.
    pub dead_letters: Vec<DeadLetter<'a>>,
}

/// A delivery that is done. Its sender may forget it.
#[derive(Debug)]
pub struct Delivered {
    /// What became of its events, in numbers.
    pub counts: Counts,
    /// Why the first of those that were set aside was, if any was.
    pub set_aside: Option<String>,
}

/// An event that has records on their way to the hub.
struct Sent<'a> {
    event: &'a str,
    records: u64,
    /// By what it will be remembered, if it can be.
    hash: Option<EventHash>,
}

impl Bridge {
    /// A bridge to the hub that `producer` sends to, which keeps what can't be recorded in `dead_letters`.
    pub fn new(producer: Arc<dyn Producer>, dead_letters: Option<Store>, config: Config) -> Self {
        Self { producer, dead_letters, config, ignored_types: Mutex::default(), stored: StoredEvents::default() }
    }

    /// The time that most deliveries may take.
    pub fn delivery_timeout(&self) -> Duration {
        self.config.delivery_timeout
    }

    /// The time that a delivery with this limit may take.
    pub fn timeout(&self, timeout: Timeout) -> Duration {
        match timeout {
            Timeout::Delivery => self.config.delivery_timeout,
            Timeout::ServiceBus => self.config.service_bus_timeout,
        }
    }

    /// What is known of the hub now.
    pub fn hub_status(&self) -> Status {
        self.producer.status()
    }

    /// The memory that deliveries share.
    pub fn memory(&self) -> &Memory {
        self.producer.memory()
    }

    /// Runs one delivery that came at `received`, and answers when its time is up, or a second later where there are
    /// dead letters to be written.
    ///
    /// Most senders deliver again as often as it takes, so a failure is answered at once. Service Bus counts deliveries, so
    /// a batch of its is tried again until its time is up.
    pub async fn deliver(
        &self,
        delivery: &Delivery,
        mut memory: Reserved,
        received: Instant,
        observation: &mut Observation,
    ) -> Result<Delivered, DeliveryError> {
        let deadline = received + self.timeout(delivery.timeout);
        // Of what does not go together, the rest stays in memory.
        let _waiting = (delivery.events.len() > TOGETHER).then(|| memory.split(delivery.events.len()));
        loop {
            match self.attempt(delivery, &mut memory, deadline, observation).await {
                Err(error)
                    if delivery.timeout == Timeout::ServiceBus
                        && error.is_passing()
                        && Instant::now() + PAUSE < deadline =>
                {
                    warn!("{error} A batch of Service Bus is tried again.");
                    sleep(PAUSE).await;
                }
                ended => return ended,
            }
        }
    }

    async fn attempt(
        &self,
        Delivery { events, positions, .. }: &Delivery,
        memory: &mut Reserved,
        deadline: Instant,
        observation: &mut Observation,
    ) -> Result<Delivered, DeliveryError> {
        let received_at = time_stamp(OffsetDateTime::now_utc());
        let mut rest = Received::all(events).ok_or(DeliveryError::NotEvents)?;
        let mut positions = positions.as_slice();
        let Forwarded { mut counts, mut dead_letters } = Forwarded::default();
        while !rest.is_empty() {
            let later = rest.split_off(together(&rest));
            let (places, later_places) = positions.split_at(rest.len().min(positions.len()));
            let forwarded = self.forward(rest, places, &received_at, memory, deadline, observation).await?;
            counts += forwarded.counts;
            dead_letters.extend(forwarded.dead_letters);
            (rest, positions) = (later, later_places);
        }
        let set_aside = dead_letters.first().map(|letter| letter.reason.to_string());
        if let Some(first) = &set_aside {
            let store = self.dead_letters.as_ref().ok_or_else(|| DeliveryError::NoDeadLetters(first.clone()))?;
            store.write(&dead_letters, deadline + GRACE).await?;
        }
        Ok(Delivered { counts, set_aside })
    }

    /// Takes events to the hub. `positions` has the place of each if they come from a queue, and is empty if not.
    ///
    /// Nothing counts as forwarded before the hub has accepted it. One bad event never blocks its neighbours. An event
    /// that this process has stored already is not stored again.
    pub async fn forward<'a>(
        &self,
        events: Vec<Received<'a>>,
        positions: &[Position],
        received_at: &'a str,
        memory: &mut Reserved,
        deadline: Instant,
        observation: &mut Observation,
    ) -> Result<Forwarded<'a>, SendError> {
        let mut counts = Counts { events: events.len() as u64, ..Counts::default() };
        let mut dead_letters = Vec::new();
        let (mut groups, mut sent) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
        let hashes: Vec<_> =
            events.iter().enumerate().map(|(index, event)| self.hash(event, positions.get(index))).collect();
        let repeats = self.stored.repeats(&hashes);
        let (mut bytes, mut bytes_to_send) = (0, 0);
        for ((Received { text, event }, hash), is_repeat) in events.into_iter().zip(hashes).zip(repeats) {
            bytes += text.len();
            let records = match event {
                _ if is_repeat => {
                    counts.repeats += 1;
                    continue;
                }
                Ok(Event::Ignored { event_type }) => {
                    counts.ignored += 1;
                    self.ignore(&event_type);
                    continue;
                }
                Ok(Event::Notification(notification)) => {
                    observation.holds(notification.traceparent.as_deref());
                    let records = record::records(&notification, &self.config.records, received_at);
                    records.map(|records| (notification, records))
                }
                Err(bad) => Err(bad),
            };
            match records {
                Ok((_, records)) if records.is_empty() => counts.empty += 1,
                Ok((notification, records)) => {
                    sent.push(Sent { event: text, records: records.len() as u64, hash });
                    let group = self.group(notification, records);
                    bytes_to_send += group.bytes();
                    groups.push(group);
                }
                Err(bad) => dead_letters.push(DeadLetter { event: text, reason: bad.into(), received_at }),
            }
        }
        // Dead letters are written after the hub has the rest, and within the same time.
        let left = deadline.saturating_duration_since(Instant::now());
        let deadline = if dead_letters.is_empty() { deadline } else { deadline - WRITING.min(left / 2) };
        if timeout_at(deadline, memory.resize(bytes + bytes_to_send)).await.is_err() {
            return Err(SendError::NoMemory);
        }
        let report = self.producer.send(groups, memory.split(bytes_to_send), deadline).await;
        let stored = sent.iter().zip(&report.groups).filter(|(_, outcome)| **outcome == Outcome::Stored);
        self.stored.insert(stored.filter_map(|(sent, _)| sent.hash));
        for (Sent { event, records, .. }, outcome) in sent.into_iter().zip(report.groups) {
            match outcome {
                Outcome::Stored => counts.records += records,
                Outcome::TooLarge => dead_letters.push(DeadLetter { event, reason: Reason::TooLarge, received_at }),
                Outcome::Unsettled => {}
            }
        }
        counts.set_aside = dead_letters.len() as u64;
        report.error.map_or(Ok(Forwarded { counts, dead_letters }), Err)
    }

    /// What an event is remembered by. Telemetry needs a place: its ids are chosen by clients, and it may carry no time,
    /// so that two messages can be the same to the last byte.
    fn hash(&self, event: &Received<'_>, position: Option<&Position>) -> Option<EventHash> {
        match &event.event {
            Ok(Event::Notification(Notification { occurrence: Occurrence::Telemetry { .. }, .. })) => {
                position.map(|position| self.stored.hash_at(position, event.text))
            }
            Ok(Event::Notification(_)) => Some(self.stored.hash(event.text)),
            _ => None,
        }
    }

    fn group(&self, notification: Notification<'_>, records: Records) -> Group {
        let (text, list) = records.into_parts();
        let table = |kind| self.config.tables.as_ref().map(|tables| tables.of(kind));
        Group {
            key: notification.entity.twin_id().to_owned(),
            id: notification.id.into_owned(),
            traceparent: notification.traceparent.map(Cow::into_owned),
            text,
            entries: list.into_iter().map(|(kind, end)| Entry { end, table: table(kind) }).collect(),
        }
    }

    fn ignore(&self, event_type: &str) {
        let mut types = self.ignored_types.lock().unwrap_or_else(PoisonError::into_inner);
        if types.len() < REMEMBERED_TYPES && types.insert(event_type.to_owned()) {
            info!(event_type, "Events of this type are not recorded and ignored from here on.");
        }
    }
}

/// How many events from the first on go together: one at least.
fn together(events: &[Received<'_>]) -> usize {
    let mut bytes = 0;
    let fit = events.iter().take_while(|event| {
        bytes += event.text.len();
        bytes <= TOGETHER
    });
    fit.count().max(1)
}

#[cfg(test)]
mod tests;
