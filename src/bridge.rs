//! The steps of the flow in their order: a delivery comes in as bytes and ends as [`Delivered`] or as a
//! [`DeliveryError`].

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::{
    dead_letter::{DeadLetter, Reason},
    event_hub::{Entry, EventHub, Messages, SendError, StartError, Status},
    invocation::{self, BadInvocation, Outputs, Response},
    notification::{self, BadEvent, Event, Notification, Received},
    recent_events::{EventHash, RecentEvents},
    record::{self, Records},
    settings::{BridgeSettings, EventSettings, RecordSettings},
    telemetry::Observation,
    totals::Counts,
};

/// How many types of foreign events are remembered, so that each is logged once.
const REMEMBERED_TYPES: usize = 64;

/// Takes deliveries to the event hub.
#[derive(Debug)]
pub struct Bridge {
    hub: EventHub,
    records: RecordSettings,
    events: EventSettings,
    delivery_timeout: Duration,
    ignored_types: Mutex<HashSet<String>>,
    recent: Mutex<RecentEvents>,
}

/// What became of events: every one is stored in the hub, gave no record, is ignored, or is set aside.
#[derive(Debug, Default)]
pub struct Forwarded<'a> {
    /// How many there were.
    pub events: usize,
    /// Records that the hub accepted.
    pub records: usize,
    /// Events that give no record, such as a change of nothing but metadata.
    pub empty: usize,
    /// Events that are none of Azure Digital Twins'.
    pub ignored: usize,
    /// Events that came before, not long ago: Event Grid delivers again what it got no answer for.
    pub repeats: usize,
    /// What was set aside.
    pub dead_letters: Vec<DeadLetter<'a>>,
}

/// A delivery that is done. Event Grid may forget it.
#[derive(Debug)]
pub struct Delivered {
    /// What became of its events, in numbers.
    pub counts: Counts,
    /// The answer that the host takes for success, with what was set aside.
    pub response: Response,
}

/// A delivery that failed as a whole. Event Grid delivers all of it again, on its schedule, for up to 24 hours.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The request is not the host's. Nothing was forwarded.
    #[error(transparent)]
    Invocation(#[from] BadInvocation),
    /// The hub can't take all of it now. Some of it may be stored already.
    #[error(transparent)]
    Hub(#[from] SendError),
    /// What was set aside can't be written down.
    #[error("The events to be set aside can't be written as JSON: {0}.")]
    DeadLetter(#[from] serde_json::Error),
}

impl Bridge {
    /// A bridge to the hub that the settings name, which is connected to in the background.
    pub fn start(settings: BridgeSettings) -> Result<Self, StartError> {
        let BridgeSettings { event_hub, records, events, delivery_timeout } = settings;
        let hub = EventHub::start(event_hub)?;
        Ok(Self { hub, records, events, delivery_timeout, ignored_types: Mutex::default(), recent: Mutex::default() })
    }

    /// The time that one delivery may take.
    pub fn delivery_timeout(&self) -> Duration {
        self.delivery_timeout
    }

    /// What is known of the hub now.
    pub fn hub_status(&self) -> Status {
        self.hub.status()
    }

    /// Runs one delivery, the body of an invocation, and answers by `deadline`.
    pub async fn deliver(
        &self,
        body: Vec<u8>,
        deadline: Instant,
        observation: &mut Observation,
    ) -> Result<Delivered, DeliveryError> {
        let text = invocation::events(&body)?.into_owned();
        // The host repeats the payload in a part that is not needed; what waits for the hub must not hold it.
        drop(body);
        let received_at = record::time_stamp(OffsetDateTime::now_utc());
        let forwarded = self.forward(invocation::each(&text)?, &received_at, deadline, observation).await?;
        let dead_letters = &forwarded.dead_letters;
        let dead_letter = if dead_letters.is_empty() { None } else { Some(serde_json::to_string(dead_letters)?) };
        let logs = dead_letters.iter().map(|letter| letter.reason.to_string()).collect();
        Ok(Delivered {
            counts: forwarded.counts(),
            response: Response { outputs: Outputs { dead_letter }, logs, return_value: () },
        })
    }

    /// Takes events to the hub.
    ///
    /// Nothing counts as forwarded before the hub has accepted it. One bad event never blocks its neighbours.
    pub async fn forward<'a>(
        &self,
        events: Vec<Received<'a>>,
        received_at: &'a str,
        deadline: Instant,
        observation: &mut Observation,
    ) -> Result<Forwarded<'a>, SendError> {
        let mut forwarded = Forwarded { events: events.len(), ..Forwarded::default() };
        let mut messages = Vec::new();
        let mut sources = Vec::new();
        let mut hashes = Vec::with_capacity(events.len());
        for Received { text, event } in events {
            let set_aside = |reason| DeadLetter { event: text, reason, received_at };
            match event.and_then(|event| Converted::of(event, &self.records, received_at)) {
                Ok(Converted::Records(notification, records)) => {
                    observation.holds(notification.traceparent.as_deref());
                    hashes.push(EventHash::of((notification.service_id.as_deref(), &*notification.id)));
                    if records.is_empty() {
                        forwarded.empty += 1;
                        continue;
                    }
                    forwarded.records += records.len();
                    sources.push((text, records.len()));
                    messages.push(self.messages(&notification, records));
                }
                Ok(Converted::Ignored { event_type }) => {
                    forwarded.ignored += 1;
                    self.ignore(&event_type);
                }
                Err(bad) => forwarded.dead_letters.push(set_aside(Reason::Bad(bad))),
            }
        }
        forwarded.repeats = self.recent.lock().unwrap_or_else(PoisonError::into_inner).remember(&hashes);
        for too_large in self.hub.send(messages, deadline).await? {
            if let Some(&(event, records)) = sources.get(too_large) {
                forwarded.records -= records;
                let reason = Reason::TooLarge(SendError::TooLarge);
                forwarded.dead_letters.push(DeadLetter { event, reason, received_at });
            }
        }
        Ok(forwarded)
    }

    fn messages(&self, notification: &Notification<'_>, records: Records) -> Messages {
        let (text, list) = records.into_parts();
        let table = |kind| self.events.tables.as_ref().map(|tables| tables.of(kind));
        Messages::new(
            &notification.id,
            notification.entity.twin_id(),
            notification.traceparent.as_deref(),
            self.events.body,
            text,
            list.into_iter().map(|(kind, end)| Entry { end, table: table(kind) }).collect(),
        )
    }

    fn ignore(&self, event_type: &str) {
        let mut types = self.ignored_types.lock().unwrap_or_else(PoisonError::into_inner);
        if types.len() < REMEMBERED_TYPES && types.insert(event_type.to_owned()) {
            info!(event_type, "Events of this type are not recorded and ignored from here on.");
        }
    }

    /// Sends what is queued and closes the connection to the hub, within `grace`.
    pub async fn close(self, grace: Duration) {
        if !self.hub.close(grace).await {
            warn!("The connection to the event hub could not be closed in time.");
        }
    }
}

impl Forwarded<'_> {
    fn counts(&self) -> Counts {
        Counts {
            events: self.events as u64,
            records: self.records as u64,
            empty: self.empty as u64,
            ignored: self.ignored as u64,
            repeats: self.repeats as u64,
            set_aside: self.dead_letters.len() as u64,
        }
    }
}

impl DeliveryError {
    /// A word for totals and for alerts over the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invocation(_) => "badInvocation",
            Self::Hub(error) => error.kind(),
            Self::DeadLetter(_) => "unwritable",
        }
    }
}

/// What one event turned into.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "lives on the stack, once at a time")]
pub enum Converted<'a> {
    /// The records of a notification; there may be none, as for a change of nothing but metadata.
    Records(Notification<'a>, Records),
    /// An event of a type that is not recorded.
    Ignored {
        /// The event's type as it names it.
        event_type: String,
    },
}

impl<'a> Converted<'a> {
    /// Makes the records of an event.
    pub fn of(event: Event<'a>, settings: &RecordSettings, received_at: &str) -> Result<Self, BadEvent> {
        match event {
            Event::Ignored { event_type } => Ok(Self::Ignored { event_type: event_type.into_owned() }),
            Event::Notification(notification) => {
                let records = record::records(&notification, settings, received_at)?;
                Ok(Self::Records(notification, records))
            }
        }
    }
}

/// Reads one event and turns it into records: all steps of the flow that need no hub.
pub fn convert<'a>(
    event: &'a RawValue,
    settings: &RecordSettings,
    received_at: &str,
) -> Result<Converted<'a>, BadEvent> {
    Converted::of(notification::read(event)?, settings, received_at)
}
