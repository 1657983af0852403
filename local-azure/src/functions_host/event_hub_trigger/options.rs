//! The section `extensions.eventHubs` of `host.json` (`EventHubOptions`).

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::timespan;

/// How events are received; all functions with an Event Hubs trigger share it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in super::super) struct EventHubOptions {
    /// Only for cardinality many.
    pub(super) max_event_batch_size: NonZeroUsize,
    /// Only for cardinality many.
    pub(super) min_event_batch_size: NonZeroUsize,
    /// How long a batch waits to reach its minimum.
    #[serde(deserialize_with = "timespan::deserialize")]
    pub(super) max_wait_time: Duration,
    /// How many batches go by from checkpoint to checkpoint.
    pub(super) batch_checkpoint_frequency: NonZeroUsize,
    pub(super) prefetch_count: u32,
    #[serde(rename = "initialOffsetOptions")]
    pub(super) initial_offset: InitialOffset,
    /// How often the hosts that share a hub look who has which partition.
    #[serde(deserialize_with = "timespan::deserialize")]
    pub(super) load_balancing_update_interval: Duration,
    /// When a partition of a host that is silent can be taken.
    #[serde(deserialize_with = "timespan::deserialize")]
    pub(super) partition_ownership_expiration_interval: Duration,
}

impl Default for EventHubOptions {
    fn default() -> Self {
        Self {
            max_event_batch_size: NonZeroUsize::MIN.saturating_add(99),
            min_event_batch_size: NonZeroUsize::MIN,
            max_wait_time: Duration::from_secs(60),
            batch_checkpoint_frequency: NonZeroUsize::MIN,
            prefetch_count: 300,
            initial_offset: InitialOffset::Start,
            load_balancing_update_interval: Duration::from_secs(30),
            partition_ownership_expiration_interval: Duration::from_secs(120),
        }
    }
}

/// Where a partition is read from that has no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InitialOffset {
    Start,
    End,
    EnqueuedTime(OffsetDateTime),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InitialOffsetJson {
    r#type: String,
    enqueued_time_utc: Option<String>,
}

impl<'de> Deserialize<'de> for InitialOffset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = InitialOffsetJson::deserialize(deserializer)?;
        match json.r#type.to_lowercase().as_str() {
            "fromstart" => Ok(Self::Start),
            "fromend" => Ok(Self::End),
            "fromenqueuedtime" => {
                let time = json.enqueued_time_utc.ok_or_else(|| D::Error::missing_field("enqueuedTimeUtc"))?;
                OffsetDateTime::parse(&time, &Rfc3339).map(Self::EnqueuedTime).map_err(D::Error::custom)
            }
            _ => Err(D::Error::custom(format!(
                "the type is {:?}, must be \"fromStart\", \"fromEnd\" or \"fromEnqueuedTime\"",
                json.r#type
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_in_the_extension() {
        let options: EventHubOptions = serde_json::from_str(r#"{"unknown":1}"#).unwrap();
        assert_eq!((options.max_event_batch_size.get(), options.min_event_batch_size.get()), (100, 1));
        assert_eq!((options.batch_checkpoint_frequency.get(), options.prefetch_count), (1, 300));
        assert_eq!(options.initial_offset, InitialOffset::Start);
    }

    #[test]
    fn what_is_said_is_read() {
        let options: EventHubOptions = serde_json::from_str(
            r#"{"maxEventBatchSize":7,"maxWaitTime":"00:00:02","loadBalancingUpdateInterval":"00:00:00.25",
                "initialOffsetOptions":{"type":"fromEnqueuedTime","enqueuedTimeUtc":"2024-11-27T22:10:05Z"}}"#,
        )
        .unwrap();
        assert_eq!(options.max_event_batch_size.get(), 7);
        assert_eq!(options.max_wait_time, Duration::from_secs(2));
        assert_eq!(options.load_balancing_update_interval, Duration::from_millis(250));
        let InitialOffset::EnqueuedTime(time) = options.initial_offset else { panic!("no time") };
        assert_eq!(time.unix_timestamp(), 1_732_745_405);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for json in [
            r#"{"maxEventBatchSize":0}"#,
            r#"{"maxWaitTime":"2"}"#,
            r#"{"initialOffsetOptions":{"type":"earliest"}}"#,
            r#"{"initialOffsetOptions":{"type":"fromEnqueuedTime"}}"#,
        ] {
            assert!(serde_json::from_str::<EventHubOptions>(json).is_err(), "{json}");
        }
    }
}
