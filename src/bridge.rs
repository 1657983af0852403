//! The steps of the flow in their order: a delivery comes in as bytes and ends as one of the four ways in
//! [`DeliveryError`] and [`Delivered`].

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
    event_hub::{EventHub, Messages, SendError, Status},
    invocation::{self, BadInvocation, Outputs, Response},
    notification::{self, BadEvent, Event, Notification},
    record::{self, Record},
    settings::{EventSettings, RecordSettings},
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
}

/// A delivery that is done: every event is stored in the hub, ignored, or set aside. Event Grid may forget it.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Events in the delivery.
    pub events: usize,
    /// Records that the hub accepted.
    pub records: usize,
    /// Events that give no record, such as a change of nothing but metadata.
    pub empty: usize,
    /// Events that are none of Azure Digital Twins'.
    pub ignored: usize,
    /// The reason for each event that was set aside.
    pub set_aside: Vec<String>,
    /// What was set aside, for the blob output: a JSON array as text.
    dead_letter: Option<String>,
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
    /// A bridge to `hub`.
    #[must_use]
    pub fn new(hub: EventHub, records: RecordSettings, events: EventSettings, delivery_timeout: Duration) -> Self {
        Self { hub, records, events, delivery_timeout, ignored_types: Mutex::default() }
    }

    /// The time that one delivery may take.
    #[must_use]
    pub fn delivery_timeout(&self) -> Duration {
        self.delivery_timeout
    }

    /// What is known of the hub now.
    #[must_use]
    pub fn hub_status(&self) -> Status {
        self.hub.status()
    }

    /// Runs one delivery, the body of an invocation, and answers by `deadline`.
    ///
    /// Nothing is answered as delivered before the hub has accepted it. One bad event never blocks its neighbours.
    pub async fn deliver(&self, body: &[u8], deadline: Instant) -> Result<Delivered, DeliveryError> {
        let text = invocation::events(body)?;
        let events = invocation::each(&text)?;
        let received_at = record::time_stamp(OffsetDateTime::now_utc());
        let mut delivered = Delivered { events: events.len(), ..Delivered::default() };
        let mut dead_letters = Vec::new();
        let mut under_way = Vec::new();

        for event in events {
            let set_aside = |reason| DeadLetter { event, reason, received_at: &received_at };
            match convert(event, &self.records, &received_at) {
                Ok(Converted::Records(_, records)) if records.is_empty() => delivered.empty += 1,
                Ok(Converted::Records(notification, records)) => {
                    let messages = self.messages(&notification, records);
                    let count = messages.records();
                    under_way.push((self.hub.send(messages, deadline).await?, count, set_aside));
                }
                Ok(Converted::Ignored { event_type }) => {
                    delivered.ignored += 1;
                    self.ignore(&event_type);
                }
                Err(bad) => dead_letters.push(set_aside(Reason::Bad(bad))),
            }
        }
        for (sending, count, set_aside) in under_way {
            match sending.accepted(deadline).await {
                Ok(()) => delivered.records += count,
                Err(SendError::TooLarge) => dead_letters.push(set_aside(Reason::TooLarge(SendError::TooLarge))),
                Err(error) => return Err(error.into()),
            }
        }

        if !dead_letters.is_empty() {
            delivered.set_aside = dead_letters.iter().map(|letter| letter.reason.to_string()).collect();
            delivered.dead_letter = Some(serde_json::to_string(&dead_letters)?);
        }
        Ok(delivered)
    }

    fn messages(&self, notification: &Notification<'_>, records: Vec<Record>) -> Messages {
        let table = |kind| self.events.tables.as_ref().map(|tables| tables.of(kind));
        Messages::new(
            &notification.id,
            notification.entity.twin_id(),
            notification.traceparent.as_deref(),
            self.events.body,
            records.into_iter().map(|record| (record.body, table(record.kind))),
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

impl Delivered {
    /// The answer that the host takes for success.
    #[must_use]
    pub fn into_response(self) -> Response {
        Response { outputs: Outputs { dead_letter: self.dead_letter }, logs: self.set_aside, return_value: () }
    }
}

/// What one event turned into.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "lives on the stack, once at a time")]
pub enum Converted<'a> {
    /// The records of a notification; there may be none, as for a change of nothing but metadata.
    Records(Notification<'a>, Vec<Record>),
    /// An event of a type that is not recorded.
    Ignored {
        /// The event's type as it names it.
        event_type: String,
    },
}

/// Turns one event into records: all steps of the flow that need no hub.
pub fn convert<'a>(
    event: &'a RawValue,
    settings: &RecordSettings,
    received_at: &str,
) -> Result<Converted<'a>, BadEvent> {
    match notification::read(event)? {
        Event::Ignored { event_type } => Ok(Converted::Ignored { event_type: event_type.into_owned() }),
        Event::Notification(notification) => {
            let records = record::records(&notification, settings, received_at)?;
            Ok(Converted::Records(notification, records))
        }
    }
}
